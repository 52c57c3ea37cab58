import 'server-only'
import { checkSession, type Token } from '@/client'
import type { JWT } from 'next-auth/jwt'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { ask, isToken, type Failure, type Outcome } from './api'
import { authSecret } from './env'
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

/**
 * What a session is now, for Auth.js: null when it is over. The API is asked, unless
 * proxy.ts has just asked it for this very request. Where the API does not answer, the
 * session goes on: that says nothing about it.
 */
export async function currentSession(session: JWT, headers: Headers): Promise<JWT | null> {
  if (wasChecked(headers, session.access_token)) return session
  const { data, failure } = await check(session.access_token, headers)
  if (failure) return failure.status === 401 ? null : session
  return toSession(data)
}

/** The header by which proxy.ts tells the page behind it that the API was asked. */
export const CHECKED = 'x-session-checked'

/** How long that holds, in milliseconds: until the page is rendered. */
const CHECKED_FOR = 10_000

/** The value of that header. It is signed, so that no client can send one. */
export function checkedMark(token: string, at = Date.now()): string {
  return `${at}.${sign(`${at}.${token}`)}`
}

function wasChecked(headers: Headers, token: string): boolean {
  const mark = Buffer.from(headers.get(CHECKED) ?? '')
  const at = Number(mark.toString().split('.')[0])
  const want = Buffer.from(checkedMark(token, at))
  return Math.abs(Date.now() - at) < CHECKED_FOR && mark.length === want.length && timingSafeEqual(mark, want)
}

const sign = (text: string) => createHmac('sha256', `session checked ${authSecret()}`).update(text).digest('base64url')

// A token that was renewed, or a user whom somebody gave another name.
function isSame(a: JWT, b: JWT): boolean {
  return a.access_token === b.access_token && JSON.stringify(a.user) === JSON.stringify(b.user)
}

function check(token: string, headers: Headers): Promise<Outcome<Token>> {
  let call = underWay.get(token)
  if (!call) {
    call = ask(checkSession, { auth: token, visitor: headers, valid: isToken })
    underWay.set(token, call)
    void call.finally(() => underWay.delete(token))
  }
  return call
}
