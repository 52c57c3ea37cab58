import 'server-only'
import type { Token, User } from '@/client'
import { encode, getToken, type JWT } from 'next-auth/jwt'
import { authSecret, isSecure } from './env'

/**
 * How long a browser keeps the cookie, in seconds. It only has to be longer than
 * a session may be idle (LATCHKEY_ACCESS_TOKEN_LIFETIME): when it ends is the
 * API's to say, and each renewal sets the cookie anew.
 */
export const COOKIE_MAX_AGE = 30 * 24 * 60 * 60

/** The session cookie, as Auth.js calls it. */
export const cookieName = () => (isSecure() ? '__Secure-authjs.session-token' : 'authjs.session-token')

/** Its flags. */
export const cookieOptions = () => ({ httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure() }) as const

/** What the cookie holds of a token that the API has answered. */
export function toSession({ access_token, token_type, user }: Token): JWT {
  const kept: Partial<User> & JWT['user'] = { ...user }
  delete kept.name
  return { access_token, token_type, user: kept }
}

/** The user of a session, whole. */
export function toUser({ user }: JWT): User {
  return { ...user, name: `${user.first_name} ${user.last_name}`.trim() || null }
}

/** What the session cookie of a request holds; null without one, and for one that is not ours. */
export async function readSession(headers: Headers): Promise<JWT | null> {
  // The cookie alone: Auth.js would take an `Authorization` header for it too,
  // and anybody can send one.
  const cookie = headers.get('cookie') ?? ''
  return getToken({ req: { headers: { cookie } }, secret: authSecret(), cookieName: cookieName(), logger: silent })
}

/** The value of the session cookie for what `readSession` is to find. */
export async function sealSession(session: JWT): Promise<string> {
  return encode({ token: session, secret: authSecret(), salt: cookieName(), maxAge: COOKIE_MAX_AGE })
}

const silent = { error() {}, warn() {}, debug() {} }
