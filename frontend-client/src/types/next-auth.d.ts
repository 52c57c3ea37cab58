import type { Token, User as ApiUser } from '@/client'

declare module 'next-auth' {
  /** What `authorize` gives: the API's token and the user it speaks for. */
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- merged with Auth.js's own
  interface User extends Token {}

  /** What `auth()` and `/api/auth/session` tell: who one is, and never the token. */
  interface Session {
    user: ApiUser
  }
}

declare module 'next-auth/jwt' {
  /** What the encrypted cookie holds. `name` is left out, to keep it small: it is the first and the last name. */
  interface JWT {
    access_token: string
    token_type: 'Bearer'
    user: Omit<ApiUser, 'name'>
  }
}
