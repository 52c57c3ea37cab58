import { describe, expect, test } from 'vitest'
import { checkSession, logout } from '@/client'
import { ask, isToken } from '@/latchkey/api'

const token = { access_token: 'a', token_type: 'Bearer', user: { id: 1 } }
const problem = {
  type: 'about:blank',
  title: 'Unauthorized',
  status: 401,
  detail: 'You are signed out. Sign in again.',
  code: 'invalid_token',
  request_id: '1',
}

/** What a call comes to when the API answers like this. */
function answered(body: BodyInit | null, init: ResponseInit & { headers?: Record<string, string> }) {
  const fetch = async () => new Response(body, init)
  return ask(checkSession, { auth: 'a', valid: isToken, fetch })
}
const json = { 'content-type': 'application/json' }
const problemJson = { 'content-type': 'application/problem+json' }

describe('ask', () => {
  test('answers data', async () => {
    expect(await answered(JSON.stringify(token), { headers: json })).toEqual({ data: token })
  })

  test('answers a problem document as a failure', async () => {
    const { failure } = await answered(JSON.stringify(problem), { status: 401, headers: problemJson })
    expect(failure).toMatchObject({ code: 'invalid_token', status: 401, detail: problem.detail, errors: [] })
  })

  test('says how long to wait', async () => {
    const headers = { ...problemJson, 'retry-after': '900' }
    const { failure } = await answered(JSON.stringify({ ...problem, code: 'too_many_attempts' }), {
      status: 429,
      headers,
    })
    expect(failure?.retryAfter).toBe(900)
  })

  test('takes 204 for an answer without data', async () => {
    const { failure } = await ask(logout, { auth: 'a', fetch: async () => new Response(null, { status: 204 }) })
    expect(failure).toBeUndefined()
  })

  test.each([
    ['HTML that is called fine', '<html></html>', { status: 200, headers: { 'content-type': 'text/html' } }],
    ['HTML that is called JSON', '<html></html>', { status: 200, headers: json }],
    ['half a document', JSON.stringify(token).slice(0, -9), { status: 200, headers: json }],
    ['another document', '{"status":"ok"}', { status: 200, headers: json }],
    ['nothing', '', { status: 200, headers: json }],
    ['null', 'null', { status: 200, headers: json }],
    ["a proxy's 401", '<h1>401</h1>', { status: 401, headers: { 'content-type': 'text/html' } }],
    ['a 401 of another API', '{"detail":"no"}', { status: 401, headers: json }],
    ['a 401 that is called a problem and is none', 'no', { status: 401, headers: problemJson }],
    ['a gateway that is down', 'Bad Gateway', { status: 502, headers: {} }],
  ])('is unreachable for %s', async (_, body, init) => {
    const { data, failure } = await answered(body, init as ResponseInit & { headers: Record<string, string> })
    expect(data).toBeUndefined()
    expect(failure).toMatchObject({ code: 'unreachable', status: 503 })
  })

  test('is unreachable where nothing answers, or a body breaks off', async () => {
    const refuses = async () => Promise.reject(new TypeError('fetch failed'))
    const breaks = async () =>
      new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) }), {
        headers: json,
      })
    for (const fetch of [refuses, breaks]) {
      expect(await ask(checkSession, { auth: 'a', fetch })).toMatchObject({ failure: { code: 'unreachable' } })
    }
  })

  test('sends the token, follows no redirect, and gives up in time', async () => {
    let sent: Request | undefined
    await ask(checkSession, {
      auth: 't0k3n',
      fetch: async (request) => {
        sent = request as Request
        return new Response(JSON.stringify(token), { headers: json })
      },
    })
    expect(sent?.headers.get('authorization')).toBe('Bearer t0k3n')
    expect(sent?.redirect).toBe('error')
    expect(sent?.signal).toBeInstanceOf(AbortSignal)
  })
})
