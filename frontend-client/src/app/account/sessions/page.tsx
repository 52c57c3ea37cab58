import type { Metadata } from 'next'
import { listOwnSessions } from '@/client'
import { NavLink } from '@/components/nav-link'
import { Notice } from '@/components/notice'
import { askAsUser, dataOf } from '@/latchkey/api'
import { messageOf } from '../messages'
import { Device } from './device'

export const metadata: Metadata = { title: 'Your sessions' }

type Query = Record<string, string | string[] | undefined>

export default async function SessionsPage({ searchParams }: { searchParams: Promise<Query> }) {
  const query = await searchParams
  const { sessions } = await dataOf(askAsUser(listOwnSessions))
  const now = new Date()
  // The device at hand stands first, whatever has signed in since.
  const inOrder = [...sessions.filter((s) => s.current), ...sessions.filter((s) => !s.current)]
  const notice = noticeOf(query)
  return (
    <section aria-labelledby="sessions" className="panel">
      <h2 id="sessions" className="text-xl font-bold tracking-tight">
        Sessions
      </h2>
      <p className="mt-2 text-muted">
        Where you are signed in. If you do not recognize a session, end it and change your password.
      </p>
      {notice && (
        <div className="mt-5">
          <Notice {...notice} />
        </div>
      )}
      <ul className="mt-3 divide-y divide-line">
        {inOrder.map((session) => (
          <Device key={session.id} session={session} now={now} />
        ))}
      </ul>
      {sessions.length > 1 && (
        <div className="mt-3 border-t border-line pt-6">
          <NavLink href="/account/sessions/end-others" className="button">
            End all other sessions
          </NavLink>
        </div>
      )}
    </section>
  )
}

/** What became of what somebody did here. */
function noticeOf({ done, failed }: Query): { message: string; isFault: boolean } | undefined {
  if (failed) return { message: messageOf(String(failed)), isFault: true }
  if (done === 'one') return { message: 'The session ended.', isFault: false }
  if (done === 'others') return { message: 'All your other sessions ended.', isFault: false }
}
