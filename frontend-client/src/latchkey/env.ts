import 'server-only'
import { BlockList, isIP } from 'node:net'

/** The least that a key for A256CBC-HS512 should have, in characters; `openssl rand -base64 33` has 44. */
const MIN_SECRET_LENGTH = 32

/** Where the API is, as the Next.js server reaches it. */
export const apiUrl = () => process.env.INTERNAL_API_URL || 'http://127.0.0.1:8080/api/v1'

/** What the session cookie is encrypted with. */
export const authSecret = () => process.env.AUTH_SECRET || process.env.NEXTAUTH_SECRET || ''

/** Whether browsers reach the app through https. */
export const isSecure = () => (process.env.AUTH_URL || process.env.NEXTAUTH_URL || '').startsWith('https:')

/** What the app and latchkey share, so that either believes what the other says of a visitor; '' where they do not. */
export const frontendSecret = () => process.env.LATCHKEY_FRONTEND_SECRET ?? ''

/**
 * The proxies whose `X-Forwarded-For` counts: this machine's own, and those in
 * LATCHKEY_TRUSTED_PROXIES, addresses or CIDRs separated by commas; with `none`, no one's.
 */
export function trustedProxies(): BlockList {
  const list = new BlockList()
  const text = process.env.LATCHKEY_TRUSTED_PROXIES?.trim() ?? ''
  if (text === 'none') return list
  for (const each of ['127.0.0.1', '::1', ...text.split(',').filter(Boolean)]) {
    const [address = '', bits] = each.trim().split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** Marks of secrets that are copied or typed instead of made: published keys, words, rows of keys. */
const GUESSABLE =
  /change|secret|passw|please|random|example|insecure|replace|production|development|default|nextauth|authjs|latchkey|qwerty|1234567|abcdefg|^[^0-9a-f]?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}[^0-9a-f]?$/i

/** Three words or more with a separator between them; random text has digits, or both cases in one run. */
const WORDS = /^\W*[A-Za-z]?[a-z]+([-_ .,:]+[A-Za-z]?[a-z]+){2,}\W*$|^\W*[A-Z]+([-_ .,:]+[A-Z]+){2,}\W*$/

/** Whether somebody could guess a secret. One made by `openssl rand` is never taken for such. */
const isGuessable = (secret: string) =>
  new Set(secret).size < 10 ||
  /^(.{1,16})\1+/s.exec(secret)?.[0] === secret ||
  GUESSABLE.test(secret) ||
  WORDS.test(secret)

/** What is wrong with the environment, a line each; nothing when all is well. */
export function environmentFaults(): string[] {
  const faults: string[] = []
  const secret = authSecret()
  if (!secret) {
    faults.push('AUTH_SECRET is not set: make one with `openssl rand -base64 33`')
  } else if (secret.length < MIN_SECRET_LENGTH) {
    faults.push(
      `AUTH_SECRET is too short, it needs ${MIN_SECRET_LENGTH} characters: make one with \`openssl rand -base64 33\``,
    )
  } else if (isGuessable(secret)) {
    faults.push('AUTH_SECRET is one that can be guessed: make one with `openssl rand -base64 33`')
  }
  if (!isHttpUrl(apiUrl())) {
    faults.push('INTERNAL_API_URL is not an address like http://127.0.0.1:8080/api/v1')
  }
  const authUrl = process.env.AUTH_URL || process.env.NEXTAUTH_URL
  if (authUrl && !isHttpUrl(authUrl)) {
    faults.push('AUTH_URL is not an address like https://example.com')
  }
  if (frontendSecret() && frontendSecret().length < MIN_SECRET_LENGTH) {
    faults.push(
      `LATCHKEY_FRONTEND_SECRET is too short, it needs ${MIN_SECRET_LENGTH} characters: make one with \`openssl rand -base64 33\``,
    )
  }
  try {
    trustedProxies()
  } catch {
    faults.push('LATCHKEY_TRUSTED_PROXIES is not addresses or CIDRs separated by commas, like 10.0.0.0/8,2001:db8::1')
  }
  return faults
}

/** Says what is wrong with the environment and, in production, ends the process: it must not serve like that. */
export function checkEnvironment(): void {
  const faults = environmentFaults()
  for (const fault of faults) console.error(fault)
  // A development server goes on, so that the rest can be worked on meanwhile.
  if (faults.length > 0 && process.env.NODE_ENV === 'production') process.exit(1)
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}
