import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createServer, get } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { CLAIM, forwarded, readAddress, visitorOf, vouching } from '@/latchkey/visitor'
import { notePeers, peerOf } from '@/latchkey/peer'

const SECRET = 'Uq3vT9xLm2Rk8ZpWc5Nd7HbYs4JfGe6A'
const key = Buffer.from(hkdfSync('sha256', SECRET, '', 'latchkey client claim', 32))
const mac = (...lines: string[]) => createHmac('sha256', key).update(lines.join('\n')).digest('base64url')
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const seconds = () => Math.floor(Date.now() / 1000)

/** What latchkey tells the app of a visitor. */
function claimOf(said: object, to = 'app') {
  const payload = Buffer.from(JSON.stringify(said)).toString('base64url')
  return `${payload}.${mac(to, payload)}`
}

beforeEach(() => vi.stubEnv('LATCHKEY_FRONTEND_SECRET', SECRET))
afterEach(() => vi.unstubAllEnvs())

describe('visitorOf', () => {
  const from = (headers: Record<string, string>) => visitorOf(new Headers(headers)).address

  test('takes the last address that is no trusted proxy', () => {
    vi.stubEnv('LATCHKEY_TRUSTED_PROXIES', '10.0.0.0/8, 2001:db8::/32')
    expect(from({ 'x-forwarded-for': '1.1.1.1, 203.0.113.9' })).toBe('203.0.113.9')
    expect(from({ 'x-forwarded-for': '1.1.1.1, 203.0.113.9, 10.1.2.3, [2001:db8::1]:80, 127.0.0.1' })).toBe(
      '203.0.113.9',
    )
    expect(from({ 'x-forwarded-for': '1.1.1.1, unknown, 10.1.2.3' })).toBe('10.1.2.3')
    expect(from({})).toBeUndefined()
  })

  test('trusts nobody where told so', () => {
    vi.stubEnv('LATCHKEY_TRUSTED_PROXIES', 'none')
    expect(from({ 'x-forwarded-for': '203.0.113.9, 127.0.0.1' })).toBe('127.0.0.1')
  })

  test('believes latchkey before anything else', () => {
    const claim = claimOf({ t: seconds(), n: 'n', a: '203.0.113.9' })
    expect(from({ [CLAIM]: claim, 'x-forwarded-for': '1.1.1.1' })).toBe('203.0.113.9')
  })

  test.each([
    ['an old claim', () => claimOf({ t: seconds() - 31, n: 'n', a: '203.0.113.9' })],
    ['one of the future', () => claimOf({ t: seconds() + 31, n: 'n', a: '203.0.113.9' })],
    ["the app's own", () => claimOf({ t: seconds(), n: 'n', a: '203.0.113.9' }, 'api')],
    ['a forged one', () => claimOf({ t: seconds(), n: 'n', a: '203.0.113.9' }).slice(0, -1)],
    ['none', () => '.'],
    ['nonsense', () => 'a.b.c'],
  ])('does not believe %s', (_, claim) => {
    expect(from({ [CLAIM]: claim(), 'x-forwarded-for': '192.0.2.1' })).toBe('192.0.2.1')
  })

  test('believes no claim without the secret', () => {
    const claim = claimOf({ t: seconds(), n: 'n', a: '203.0.113.9' })
    vi.stubEnv('LATCHKEY_FRONTEND_SECRET', '')
    expect(from({ [CLAIM]: claim, 'x-forwarded-for': '192.0.2.1' })).toBe('192.0.2.1')
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  [' 192.0.2.1:80 ', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['192.0.2.1:http', undefined],
  ['unknown', undefined],
  ['', undefined],
])('the address in %j is %j', (text, address) => expect(readAddress(text)).toBe(address))

describe('vouching', () => {
  const visitor = { address: '203.0.113.9', userAgent: 'Browser/1' }
  const sent: Request[] = []
  const fake = (async (request: Request) => {
    sent.push(request)
    return new Response('')
  }) as typeof fetch
  beforeEach(() => sent.splice(0))

  test('signs who the visitor is, for one request', async () => {
    const ask = vouching(visitor, fake)
    for (let i = 0; i < 2; i++)
      await ask('http://api/api/v1/users/login/?a=b', {
        method: 'POST',
        body: '{}',
        headers: { authorization: 'Bearer x' },
      })
    const [first, second] = sent.map((request) => request.headers.get(CLAIM) ?? '')
    const [payload = '', sum] = first!.split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      a: '203.0.113.9',
      ua: 'Browser/1',
      b: sha256('{}'),
    })
    expect(sum).toBe(mac('api', 'POST', '/api/v1/users/login/?a=b', sha256('Bearer x'), payload))
    expect(second).not.toBe(first)
    expect(await sent[0]!.text()).toBe('{}')
  })

  test('signs nothing without the secret, or without an address', async () => {
    await vouching({}, fake)(new Request('http://api/'))
    vi.stubEnv('LATCHKEY_FRONTEND_SECRET', '')
    await vouching(visitor, fake)(new Request('http://api/'))
    expect(sent.map((request) => request.headers.has(CLAIM))).toEqual([false, false])
  })

  test('says it in the usual headers too', () => {
    expect(forwarded(visitor)).toEqual({ 'x-forwarded-for': '203.0.113.9', 'user-agent': 'Browser/1' })
    expect(forwarded({})).toEqual({})
  })
})

test('the other end of a connection is noted where no client can write it', async () => {
  notePeers()
  notePeers()
  const heard: Headers[] = []
  const server = createServer((request, answer) => {
    heard.push(new Headers(request.headers as Record<string, string>))
    answer.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await once(get({ port, host: '127.0.0.1', headers: { 'x-forwarded-for': '1.1.1.1' } }), 'response')
  server.close()
  expect(peerOf(heard[0]!)).toBe('127.0.0.1')
  expect(peerOf(new Headers({ 'x-peer-': '1.1.1.1' }))).toBeUndefined()
  vi.stubEnv('LATCHKEY_TRUSTED_PROXIES', 'none')
  expect(visitorOf(heard[0]!).address).toBe('127.0.0.1')
})
