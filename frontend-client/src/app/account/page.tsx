import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { getCurrentUser, type User } from '@/client'
import { Avatar } from '@/components/avatar'
import { SignOutButton } from '@/components/sign-out'
import { askAsUser, dataOf } from '@/latchkey/api'

export const metadata: Metadata = { title: 'Your account' }

export default async function AccountPage() {
  const user = await dataOf(askAsUser(getCurrentUser))
  return (
    <section className="mx-auto w-full max-w-2xl px-5 py-12">
      <div className="flex items-center gap-4">
        <Avatar user={user} />
        <h1 className="min-w-0 text-3xl leading-tight font-bold tracking-tight wrap-anywhere sm:text-4xl">
          {user.name ?? user.email}
        </h1>
      </div>
      <dl className="panel mt-8 grid gap-x-8 gap-y-5 sm:grid-cols-[auto_1fr]">
        <Row name="E-mail address">{user.email}</Row>
        <Row name="First name">{user.first_name || '–'}</Row>
        <Row name="Last name">{user.last_name || '–'}</Row>
        <Row name="Role">{roleOf(user)}</Row>
        <Row name="Member since">
          <Time at={user.date_joined} />
        </Row>
        <Row name="Last sign-in">{user.last_login ? <Time at={user.last_login} /> : 'never'}</Row>
      </dl>
      <div className="mt-8">
        <SignOutButton />
      </div>
    </section>
  )
}

function roleOf({ is_superuser, is_staff }: User): string {
  if (is_superuser) return 'Superuser'
  return is_staff ? 'Staff' : 'Member'
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="sm:col-span-2 sm:grid sm:grid-cols-subgrid">
      <dt className="text-muted">{name}</dt>
      <dd className="font-medium wrap-anywhere">{children}</dd>
    </div>
  )
}

const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })

function Time({ at }: { at: string }) {
  return <time dateTime={at}>{format.format(new Date(at))} UTC</time>
}
