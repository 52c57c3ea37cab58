import 'server-only'
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { frontendSecret, trustedProxies } from './env'
import { peerOf } from './peer'

/** Who is at the other end of a request. */
export type Visitor = { address?: string; userAgent?: string }

/** The header of a claim: who a visitor is, signed with the secret that latchkey and the app share. */
export const CLAIM = 'latchkey-client'

/** How old a claim may be, in seconds: as in latchkey's server/app/claim.go, which is the other end. */
const CLAIM_LIFETIME = 30

/**
 * Who sent a request: whom latchkey vouches for, when it hands requests to the app;
 * else the last address in `X-Forwarded-For` that is no trusted proxy's, when a trusted
 * one sent it; else whoever is at the other end of the connection. What stands before that in
 * `X-Forwarded-For` anybody may have written.
 */
export function visitorOf(sent: Headers): Visitor {
  const userAgent = sent.get('user-agent') ?? undefined
  const claimed = readClaim(sent.get(CLAIM))
  if (claimed) return { address: claimed, userAgent }
  const trusted = trustedProxies()
  const peer = readAddress(peerOf(sent) ?? '')
  if (peer && !includes(trusted, peer)) return { address: peer, userAgent }
  let address = peer
  for (const hop of (sent.get('x-forwarded-for') ?? '').split(',').reverse()) {
    const next = readAddress(hop)
    if (!next) break
    address = next
    if (!includes(trusted, next)) break
  }
  return { address, userAgent }
}

/** The headers by which the API learns who a call is made for, where it trusts our address. */
export function forwarded({ address, userAgent }: Visitor): Record<string, string> {
  return {
    ...(address && { 'x-forwarded-for': address }),
    ...(userAgent && { 'user-agent': userAgent }),
  }
}

/**
 * A fetch that vouches for a visitor, where LATCHKEY_FRONTEND_SECRET is set: the API then
 * believes it from any address. A claim is good for one request, once.
 */
export function vouching(visitor: Visitor, send: typeof fetch = fetch): typeof fetch {
  const key = claimKey()
  const { address, userAgent } = visitor
  if (!key || !address) return send
  return async (input, init) => {
    const request = new Request(input, init)
    const { pathname, search } = new URL(request.url)
    const body = new Uint8Array(await request.clone().arrayBuffer())
    const said = {
      t: now(),
      n: randomBytes(16).toString('base64url'),
      a: address,
      ua: userAgent?.slice(0, 512),
      b: sha256(body),
    }
    const payload = Buffer.from(JSON.stringify(said)).toString('base64url')
    const bound = [request.method, pathname + search, sha256(request.headers.get('authorization') ?? '')]
    request.headers.set(CLAIM, `${payload}.${mac(key, ['api', ...bound, payload]).toString('base64url')}`)
    return send(request)
  }
}

// The address in a claim of latchkey's, if it is one, and new.
function readClaim(text: string | null): string | undefined {
  const key = claimKey()
  const [payload, sum] = text?.split('.') ?? []
  if (!key || !payload || !sum) return undefined
  const want = mac(key, ['app', payload])
  const got = Buffer.from(sum, 'base64url')
  if (got.length !== want.length || !timingSafeEqual(got, want)) return undefined
  const { t, a } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { t: number; a: string }
  return Math.abs(now() - t) <= CLAIM_LIFETIME ? a : undefined
}

function claimKey(): Buffer | undefined {
  const secret = frontendSecret()
  return secret ? Buffer.from(hkdfSync('sha256', secret, '', 'latchkey client claim', 32)) : undefined
}

const mac = (key: Buffer, lines: string[]) => createHmac('sha256', key).update(lines.join('\n')).digest()
const sha256 = (text: Uint8Array | string) => createHash('sha256').update(text).digest('hex')
const now = () => Math.floor(Date.now() / 1000)

/** An address as one hop writes it: with a port or without, IPv4 in IPv6's clothes or not; undefined for what is none. */
export function readAddress(text: string): string | undefined {
  const trimmed = text.trim()
  const withPort = /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)
  const address = (withPort?.[1] ?? trimmed).replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  return isIP(address) ? address : undefined
}

function includes(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
