import type { ReactNode } from 'react'
import { Avatar } from '@/components/avatar'
import { SignOutButton } from '@/components/sign-out'
import { AccountNav } from './nav'
import { currentUser } from './user'

/** What the pages of one's account have in common: who it is, where one can go, and the way out. */
export default async function AccountLayout({ children }: { children: ReactNode }) {
  const user = await currentUser()
  return (
    <div className="mx-auto w-full max-w-2xl px-5 py-10 sm:py-12">
      <div className="flex items-center gap-4">
        <Avatar user={user} />
        <div className="min-w-0">
          <h1 className="text-2xl leading-tight font-bold tracking-tight wrap-anywhere sm:text-4xl">
            {user.name ?? user.email}
          </h1>
          {user.name && <p className="mt-1 wrap-anywhere text-muted">{user.email}</p>}
        </div>
      </div>
      <AccountNav />
      {children}
      <div className="mt-8">
        <SignOutButton />
      </div>
    </div>
  )
}
