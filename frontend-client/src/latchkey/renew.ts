import 'server-only'
import { checkSession, type Token } from '@/client'
import type { JWT } from 'next-auth/jwt'
import { ask, isToken, visitor, type Failure, type Outcome } from './api'
import { readSession, toSession } from './session'

/** What became of a request's session. */
export type SessionState =
  | { kind: 'none' }
  | { kind: 'active'; session: JWT; changed: boolean }
  | { kind: 'ended' }
  | { kind: 'unknown'; failure: Failure }

// Requests that come with the same token at the same time share one call.
const underWay = new Map<string, Promise<Outcome<Token>>>()

/**
 * Asks the API whether the session in a request's cookie goes on, and for its
 * token: the API answers a new one when it is time. Only its own 401 ends a
 * session; whatever else goes wrong says nothing about it.
 */
export async function checkSessionOf(headers: Headers): Promise<SessionState> {
  const session = await readSession(headers)
  if (!session) return { kind: 'none' }
  const { data, failure } = await check(session.access_token, headers)
  if (failure) return failure.status === 401 ? { kind: 'ended' } : { kind: 'unknown', failure }
  const fresh = toSession(data)
  return { kind: 'active', session: fresh, changed: !isSame(fresh, session) }
}

// A token that was renewed, or a user whom somebody gave another name.
function isSame(a: JWT, b: JWT): boolean {
  return a.access_token === b.access_token && JSON.stringify(a.user) === JSON.stringify(b.user)
}

function check(token: string, headers: Headers): Promise<Outcome<Token>> {
  let call = underWay.get(token)
  if (!call) {
    call = ask(checkSession, { auth: token, headers: visitor(headers), valid: isToken })
    underWay.set(token, call)
    void call.finally(() => underWay.delete(token))
  }
  return call
}
