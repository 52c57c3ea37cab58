import NextAuth, { CredentialsSignin, type AuthError } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { headers } from 'next/headers'
import { login, logout } from '@/client'
import { ask, isToken, type Failure } from '@/latchkey/api'
import { keepDevice, knownDevice } from '@/latchkey/device'
import { currentSession } from '@/latchkey/renew'
import { COOKIE_MAX_AGE, cookieName, cookieOptions, toSession, toUser } from '@/latchkey/session'

/** Why a sign-in failed, in the API's words. `code` is the problem document's. */
export class SignInFailed extends CredentialsSignin {
  constructor(readonly failure: Failure) {
    super(failure.detail)
    this.code = failure.code
  }
}

const harmless = new Set<string>(['CredentialsSignin', 'JWTSessionError', 'MissingCSRF'])

export const { handlers, auth, signIn, signOut } = NextAuth({
  providers: [
    Credentials({
      id: 'latchkey',
      name: 'latchkey',
      credentials: {
        username: { label: 'E-mail address', type: 'email' },
        password: { label: 'Password', type: 'password' },
      },
      async authorize({ username, password }, request) {
        const typed = { username: String(username ?? ''), password: String(password ?? '') }
        const body = { ...typed, ...(await knownDevice()) }
        const { data, failure } = await ask(login, { body, visitor: request.headers, valid: isToken })
        if (failure) throw new SignInFailed(failure)
        await keepDevice(data.device_token)
        return data
      },
    }),
  ],
  callbacks: {
    // A login brings a user. Else it is asked whether the session goes on, here and not
    // in proxy.ts alone: whatever a request says of itself, one that has ended is over. A
    // renewal is written by proxy.ts: what this callback changes while a page renders is lost.
    jwt: async ({ token, user }) => (user ? toSession(user) : currentSession(token, await headers())),
    // The browser may read this: it is who one is, and not the token.
    session: ({ session, token }) => ({ expires: session.expires, user: toUser(token) }),
  },
  events: {
    async signOut(message) {
      const token = 'token' in message ? message.token?.access_token : undefined
      if (!token) return
      // The cookie goes either way, and with it the only copy of the token.
      const { failure } = await ask(logout, { auth: token })
      if (failure && failure.status !== 401)
        console.warn(`the session could not be ended at the API: ${failure.detail}`)
    },
  },
  pages: { signIn: '/login', signOut: '/logout', error: '/login' },
  session: { strategy: 'jwt', maxAge: COOKIE_MAX_AGE },
  cookies: { sessionToken: { name: cookieName(), options: cookieOptions() } },
  useSecureCookies: cookieOptions().secure,
  trustHost: true,
  logger: {
    // A wrong password and a cookie that is not ours are no faults of the app.
    error: (error) => {
      if (!harmless.has((error as AuthError).type)) console.error(error)
    },
  },
})
