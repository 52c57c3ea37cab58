import { afterEach, describe, expect, test, vi } from 'vitest'
import { checkEnvironment, environmentFaults, isSecure } from '@/latchkey/env'

const secret = 'x'.repeat(32)

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
