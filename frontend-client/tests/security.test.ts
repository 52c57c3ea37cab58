import { describe, expect, test } from 'vitest'
import { contentSecurityPolicy, isFromThisSite } from '@/security'

describe('isFromThisSite', () => {
  const ask = (method: string, headers: Record<string, string>) =>
    isFromThisSite(method, new Headers({ host: 'app.example', ...headers }))

  test('reading is for everybody', () => {
    expect(ask('GET', { origin: 'https://evil.example' })).toBe(true)
    expect(ask('HEAD', { 'sec-fetch-site': 'cross-site' })).toBe(true)
  })

  test.each([
    [{ origin: 'https://app.example' }, true],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: 'https://app.example.evil.example' }, false],
    [{ origin: 'https://app.example:8443' }, false],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{}, true], // no browser: nothing that it would send along by itself
    [{ origin: 'https://public.example', 'x-forwarded-host': 'public.example' }, true],
    [{ origin: 'https://app.example', 'x-forwarded-host': 'public.example' }, false],
  ])('a form with %j: %s', (headers, expected) => {
    expect(ask('POST', headers as Record<string, string>)).toBe(expected)
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
