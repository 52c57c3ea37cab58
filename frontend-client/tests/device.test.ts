import { beforeEach, expect, test, vi } from 'vitest'
import { keepDevice, knownDevice } from '@/latchkey/device'

const jar = new Map<string, { value: string; options: object }>()

vi.mock('next/headers', () => ({
  cookies: async () => ({
    get: (name: string) => jar.get(name),
    set: (name: string, value: string, options: object) => jar.set(name, { value, options }),
  }),
}))

beforeEach(() => {
  jar.clear()
  vi.stubEnv('AUTH_URL', '')
})

test('a browser without the cookie sends nothing', async () => {
  expect(await knownDevice()).toEqual({})
})

test('what a login answers is sent with the next', async () => {
  await keepDevice('of the first login')
  expect(await knownDevice()).toEqual({ device_token: 'of the first login' })
  await keepDevice('of the second')
  expect(await knownDevice()).toEqual({ device_token: 'of the second' })
})

test('a login that answers none keeps the one before', async () => {
  await keepDevice('of the first login')
  await keepDevice(undefined)
  expect(await knownDevice()).toEqual({ device_token: 'of the first login' })
})

test.each([
  ['https://app.example.com', '__Host-latchkey_device', true],
  ['http://localhost:3000', 'latchkey_device', false],
])('on %s it is %s, no script reads it, and secure is %s', async (url, name, secure) => {
  vi.stubEnv('AUTH_URL', url)
  await keepDevice('token')
  const { httpOnly, sameSite, path, maxAge, ...rest } = jar.get(name)!.options as Record<string, unknown>
  expect({ httpOnly, sameSite, path, rest }).toEqual({ httpOnly: true, sameSite: 'lax', path: '/', rest: { secure } })
  expect(maxAge).toBeGreaterThan(180 * 24 * 60 * 60)
})
