import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import type { User } from '@/client'
import { FullTime } from '@/components/time'
import { NamesForm } from './form'
import { currentUser } from './user'

export const metadata: Metadata = { title: 'Your account' }

type Query = Promise<Record<string, string | string[] | undefined>>

export default async function AccountPage({ searchParams }: { searchParams: Query }) {
  const { done } = await searchParams
  const user = await currentUser()
  return (
    <>
      <section aria-labelledby="profile" className="panel">
        <h2 id="profile" className="text-xl font-bold tracking-tight">
          Your name
        </h2>
        <NamesForm user={user} notice={done === 'names' ? 'Your name was saved.' : undefined} />
      </section>
      <section aria-labelledby="details" className="panel mt-6">
        <h2 id="details" className="text-xl font-bold tracking-tight">
          Account
        </h2>
        <dl className="mt-5 grid gap-x-8 gap-y-4 sm:grid-cols-[auto_1fr]">
          <Row name="E-mail address">{user.email}</Row>
          <Row name="Role">{roleOf(user)}</Row>
          <Row name="Member since">
            <FullTime at={user.date_joined} />
          </Row>
          <Row name="Last sign-in">{user.last_login ? <FullTime at={user.last_login} /> : 'never'}</Row>
        </dl>
      </section>
    </>
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
