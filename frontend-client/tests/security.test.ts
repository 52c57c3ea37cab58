import { siteOrigin } from '@/latchkey/origin'
import { contentSecurityPolicy, whyForeign } from '@/security'
import { afterEach, describe, expect, test, vi } from 'vitest'

afterEach(() => vi.unstubAllEnvs())

describe('whyForeign', () => {
  const ask = (method: string, headers: Record<string, string>, path = '/login', authUrl = '') => {
    vi.stubEnv('AUTH_URL', authUrl)
    return whyForeign(method, path, new Headers({ host: 'app.example', ...headers }))
  }

  test('reading is for everybody', () => {
    expect(ask('GET', { origin: 'https://evil.example' })).toBeUndefined()
    expect(ask('HEAD', { 'sec-fetch-site': 'cross-site' })).toBeUndefined()
  })

  test.each([
    [{ origin: 'https://app.example' }, true],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'https://app.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'https://app.example.evil.example' }, false],
    [{ origin: 'https://app.example:8443' }, false],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'nonsense' }, false],
    [{}, false],
    [{ origin: '' }, false],
    [{ origin: 'https://public.example', 'x-forwarded-host': 'public.example' }, true],
    [{ origin: 'https://app.example', 'x-forwarded-host': 'public.example' }, false],
  ])('a form with %j: %s', (headers, expected) => {
    for (const local of ['', 'http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080'])
      expect(ask('POST', headers as Record<string, string>, '/login', local) === undefined).toBe(expected)
  })

  test.each([
    [{ origin: 'https://public.example' }, undefined],
    [{ origin: 'https://public.example', host: '127.0.0.1:3000' }, undefined],
    [{ origin: 'https://public.example', 'x-forwarded-host': 'other.example' }, undefined],
    [{ 'sec-fetch-site': 'same-origin', host: '127.0.0.1:3000' }, undefined],
    [
      { origin: 'https://app.example' },
      'Origin is "https://app.example", want "https://public.example", which is AUTH_URL',
    ],
    [
      { origin: 'http://public.example' },
      'Origin is "http://public.example", want "https://public.example", which is AUTH_URL',
    ],
    [{ origin: 'null' }, 'Origin is "null", want "https://public.example", which is AUTH_URL'],
    [{ 'sec-fetch-site': 'cross-site' }, 'Sec-Fetch-Site is "cross-site", want "same-origin"'],
    [{}, 'neither Origin nor Sec-Fetch-Site was sent, and a browser sends one'],
  ])('where AUTH_URL is public, a form with %j: %s', (headers, expected) => {
    expect(ask('POST', headers as Record<string, string>, '/login', 'https://public.example/')).toBe(expected)
  })

  // ASVS 7.6.2
  test('another server may call a route handler, and not Auth.js or a page', () => {
    for (const path of ['/api/webhook', '/api/a/b']) expect(ask('POST', {}, path)).toBeUndefined()
    for (const path of ['/api/auth/session', '/api/auth/signout', '/', '/api'])
      expect(ask('POST', {}, path)).toBeDefined()
    expect(ask('POST', { origin: 'https://evil.example' }, '/api/webhook')).toBeDefined()
  })

  test('what somebody else wrote is one short line in the log', () => {
    const reason = ask('POST', { origin: `https://${'x'.repeat(9_000)}` })
    expect(reason?.length).toBeLessThan(400)
  })
})

describe('siteOrigin', () => {
  test('is the public one, else what the request says', () => {
    const headers = new Headers({ host: '127.0.0.1:3000', 'x-forwarded-proto': 'https, http' })
    vi.stubEnv('AUTH_URL', 'https://public.example/')
    expect(siteOrigin(headers)).toBe('https://public.example')
    vi.stubEnv('AUTH_URL', 'http://localhost:3000')
    expect(siteOrigin(headers)).toBe('https://127.0.0.1:3000')
    vi.stubEnv('AUTH_URL', '')
    headers.set('x-forwarded-host', 'app.example')
    expect(siteOrigin(headers)).toBe('https://app.example')
  })
})

describe('contentSecurityPolicy', () => {
  test('allows nothing inline but what has the nonce, and no other host', () => {
    const policy = contentSecurityPolicy('n0nce')
    expect(policy).toContain("script-src 'self' 'nonce-n0nce' 'strict-dynamic'")
    expect(policy).not.toContain('unsafe')
    expect(policy).not.toMatch(/https?:/)
    expect(policy).toContain("frame-ancestors 'none'")
  })
})
