import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { listOwnSessions } from '@/client'
import { NavLink } from '@/components/nav-link'
import { SubmitButton } from '@/components/submit-button'
import { askAsUser, dataOf } from '@/latchkey/api'
import { endOthersAction } from '../actions'

export const metadata: Metadata = { title: 'End all other sessions' }

export default async function EndOthersPage() {
  const { sessions } = await dataOf(askAsUser(listOwnSessions))
  const others = sessions.filter(({ current }) => !current).length
  if (others === 0) redirect('/account/sessions')
  return (
    <section aria-labelledby="end-others" className="panel">
      <h2 id="end-others" className="text-xl font-bold tracking-tight">
        End all other sessions?
      </h2>
      <p className="mt-2 text-muted">
        {others === 1 ? '1 other session ends' : `${others} other sessions end`} immediately. You stay signed in here,
        and can sign in again elsewhere.
      </p>
      <div className="mt-6 flex flex-wrap gap-3">
        <form action={endOthersAction}>
          <SubmitButton className="button-primary" busy="Ending …">
            End all other sessions
          </SubmitButton>
        </form>
        <NavLink href="/account/sessions" className="button">
          Cancel
        </NavLink>
      </div>
    </section>
  )
}
