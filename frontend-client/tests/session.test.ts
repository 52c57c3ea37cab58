import { encode } from 'next-auth/jwt'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Token } from '@/client'
import { cookieName, readSession, sealSession, toSession, toUser } from '@/latchkey/session'

const secret = 'a secret that is long enough for this'

const token: Token = {
  access_token: `eyJ${'x'.repeat(420)}`,
  token_type: 'Bearer',
  user: {
    id: 3,
    email: 'alice@example.com',
    first_name: 'Alice',
    last_name: 'Liddell',
    name: 'Alice Liddell',
    is_staff: false,
    is_active: true,
    is_superuser: false,
    last_login: '2026-11-24T04:15:57.123456Z',
    date_joined: '2024-06-26T08:45:00.123456Z',
  },
}

const withCookie = (value: string) => new Headers({ cookie: `other=1; ${cookieName()}=${value}` })

beforeEach(() => {
  vi.stubEnv('AUTH_SECRET', secret)
  vi.stubEnv('AUTH_URL', '')
})

describe('the session cookie', () => {
  test('gives back what it was made from', async () => {
    const session = await readSession(withCookie(await sealSession(toSession(token))))
    expect(session).toMatchObject({ access_token: token.access_token, token_type: 'Bearer' })
    expect(toUser(session!)).toEqual(token.user)
  })

  test('a user without a name has none', () => {
    const nameless = { ...token, user: { ...token.user, first_name: '', last_name: '', name: null } }
    expect(toUser(toSession(nameless)).name).toBeNull()
  })

  test('is smaller than 4096 bytes with the longest names and address that the database holds', async () => {
    const wide = { ...token.user, first_name: '漢'.repeat(150), last_name: '字'.repeat(150), email: 'é'.repeat(254) }
    const value = await sealSession(toSession({ ...token, user: { ...wide, name: 'left out' } }))
    expect(`__Secure-authjs.session-token=${value}`.length).toBeLessThan(4096)
  })

  test.each([
    ['is missing', async () => new Headers()],
    ['is empty', async () => withCookie('')],
    ['is nonsense', async () => withCookie('nonsense')],
    ['is 8 kB of nonsense', async () => withCookie('x'.repeat(8192))],
    ['is cut off', async () => withCookie((await sealSession(toSession(token))).slice(0, -10))],
    ['has five empty parts', async () => withCookie('....')],
    [
      'is from another secret',
      async () =>
        withCookie(
          await encode({ token: toSession(token), secret: 'another secret, long enough', salt: cookieName() }),
        ),
    ],
    [
      'is another cookie of ours',
      async () => withCookie(await encode({ token: toSession(token), secret, salt: 'authjs.csrf-token' })),
    ],
    [
      'is over',
      async () => withCookie(await encode({ token: toSession(token), secret, salt: cookieName(), maxAge: -60 })),
    ],
    [
      'comes as an Authorization header',
      async () => new Headers({ authorization: `Bearer ${await sealSession(toSession(token))}` }),
    ],
  ])('is no session when it %s', async (_, headers) => {
    expect(await readSession(await headers())).toBeNull()
  })
})
