import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { checkEnvironment, environmentFaults, isSecure } from '@/latchkey/env'

const secret = 'kT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0e'

function set(env: Record<string, string>) {
  for (const name of ['AUTH_SECRET', 'NEXTAUTH_SECRET', 'AUTH_URL', 'NEXTAUTH_URL', 'INTERNAL_API_URL']) {
    vi.stubEnv(name, env[name] ?? '')
  }
}

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

describe('environmentFaults', () => {
  test.each([
    [{ AUTH_SECRET: secret }, 0],
    [{ NEXTAUTH_SECRET: secret }, 0],
    [{}, 1],
    [{ AUTH_SECRET: 'secret' }, 1],
    [{ AUTH_SECRET: secret, INTERNAL_API_URL: 'localhost:8080' }, 1],
    [{ AUTH_SECRET: secret, INTERNAL_API_URL: 'http://api:8080/api/v1', AUTH_URL: 'https://app.example' }, 0],
    [{ AUTH_SECRET: 'secret', INTERNAL_API_URL: '/api/v1', AUTH_URL: 'app.example' }, 3],
  ])('%j has %i', (env, count) => {
    set(env as Record<string, string>)
    const faults = environmentFaults()
    expect(faults).toHaveLength(count)
    for (const fault of faults) expect(fault).not.toContain('\n')
    expect(faults.join()).not.toContain('secret,') // it is not repeated
  })

  test.each([
    'x'.repeat(32),
    'please-change-this-secret-key-in-production',
    'CHANGE_THIS_TO_SOMETHING_RANDOM_PLEASE',
    'the-quick-brown-fox-jumps-over-the-lazy-dog',
    'django-insecure-4$s#k2n!x7@q9w0e&r5t^y8u*i3o',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'k3Lm9Qx1Vb7Zk3Lm9Qx1Vb7Zk3Lm9Qx1Vb7Z',
    '0a6b944d-d2fb-46fc-a85e-0295c986cd9f',
  ])('%s can be guessed, and is not repeated', (guessable) => {
    set({ AUTH_SECRET: guessable })
    expect(environmentFaults()).toEqual([
      'AUTH_SECRET is one that can be guessed: make one with `openssl rand -base64 33`',
    ])
  })

  test.each(['base64', 'base64url', 'hex'] as const)('a random one in %s is never refused', (form) => {
    for (let i = 0; i < 5_000; i++) {
      set({ AUTH_SECRET: randomBytes(33).toString(form) })
      expect(environmentFaults()).toEqual([])
    }
  })

  test('production does not start with any', () => {
    set({})
    vi.stubEnv('NODE_ENV', 'production')
    const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
    const error = vi.spyOn(console, 'error').mockReturnValue()
    checkEnvironment()
    expect(exit).toHaveBeenCalledWith(1)
    expect(error).toHaveBeenCalledTimes(1)
  })
})

test('cookies are secure where the site is', () => {
  set({ AUTH_URL: 'https://app.example' })
  expect(isSecure()).toBe(true)
  set({ AUTH_URL: 'http://localhost:8080' })
  expect(isSecure()).toBe(false)
})
