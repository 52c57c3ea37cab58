import type { JWT } from 'next-auth/jwt'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CHECKED, checkedMark, currentSession } from '@/latchkey/renew'

const user = { id: 1, email: 'ada@example.com', first_name: 'Ada', last_name: '' }
const session = { access_token: 'old', token_type: 'Bearer', user } as unknown as JWT
const calls: Request[] = []

/** Has the API answer like this. */
function answer(status: number, body: object, type = 'application/json') {
  vi.stubGlobal('fetch', async (request: Request) => {
    calls.push(request)
    return new Response(JSON.stringify(body), { status, headers: { 'content-type': type } })
  })
}

beforeEach(() => {
  vi.stubEnv('AUTH_SECRET', 'Uq3vT9xLm2Rk8ZpWc5Nd7HbYs4JfGe6A')
  calls.splice(0)
  answer(200, { access_token: 'new', token_type: 'Bearer', user: { ...user, name: 'Ada' } })
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

test('a session that proxy.ts has just asked about is not asked about again', async () => {
  expect(await currentSession(session, new Headers({ [CHECKED]: checkedMark('old') }))).toBe(session)
  expect(calls).toHaveLength(0)
})

test.each([
  ['no mark', () => ''],
  ['the mark of another session', () => checkedMark('another')],
  ['an old mark', () => checkedMark('old', Date.now() - 10_001)],
  ['a mark of the future', () => checkedMark('old', Date.now() + 10_001)],
  ['a mark with another time', () => checkedMark('old', Date.now() - 1).replace(/^\d+/, String(Date.now()))],
  ['a mark of as many characters, and more bytes', () => checkedMark('old').replace(/.$/, 'é')],
  ['half a mark', () => checkedMark('old').slice(0, -1)],
  [
    'another secret',
    () => {
      vi.stubEnv('AUTH_SECRET', 'another')
      const mark = checkedMark('old')
      vi.stubEnv('AUTH_SECRET', 'Uq3vT9xLm2Rk8ZpWc5Nd7HbYs4JfGe6A')
      return mark
    },
  ],
])('with %s the API is asked', async (_, mark) => {
  expect(await currentSession(session, new Headers({ [CHECKED]: mark() }))).toMatchObject({ access_token: 'new' })
  expect(calls.map((request) => request.headers.get('authorization'))).toEqual(['Bearer old'])
})

test('a session that the API calls over is none', async () => {
  answer(401, { status: 401, code: 'invalid_token', detail: 'You are signed out.' }, 'application/problem+json')
  expect(await currentSession(session, new Headers())).toBeNull()
})

test.each([
  ['a gateway’s 401', 401, 'text/html'],
  ['an API that is down', 503, 'application/problem+json'],
])('%s ends nothing', async (_, status, type) => {
  answer(status, { status, code: 'unavailable', detail: 'Later.' }, type)
  expect(await currentSession(session, new Headers())).toBe(session)
})
