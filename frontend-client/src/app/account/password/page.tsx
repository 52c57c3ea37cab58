import type { Metadata } from 'next'
import { getPasswordRules } from '@/client'
import { ask, dataOf } from '@/latchkey/api'
import { currentUser } from '../user'
import { PasswordForm } from './form'

export const metadata: Metadata = { title: 'Your password' }

type Query = Promise<Record<string, string | string[] | undefined>>

export default async function PasswordPage({ searchParams }: { searchParams: Query }) {
  const { done } = await searchParams
  const [user, rules] = await Promise.all([currentUser(), dataOf(ask(getPasswordRules, {}))])
  return (
    <section aria-labelledby="password" className="panel">
      <h2 id="password" className="text-xl font-bold tracking-tight">
        Change your password
      </h2>
      <p className="mt-2 text-muted">After the change you stay signed in here, and are signed out everywhere else.</p>
      <PasswordForm
        email={user.email}
        help={rules.help}
        notice={done === 'password' ? 'Your password was changed. All your other sessions ended.' : undefined}
      />
    </section>
  )
}
