import { isSecure } from '@/latchkey/env'
import { publicOrigin } from '@/latchkey/origin'

/**
 * The Content-Security-Policy of every page. Next.js puts the nonce on its own
 * scripts; nothing else may run, and no other host is asked for anything.
 */
export function contentSecurityPolicy(nonce: string): string {
  const development = process.env.NODE_ENV === 'development'
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`,
    development ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** What every page carries besides; a year of https is the least that browsers' preload lists take. */
export const securityHeaders = () => ({
  'Referrer-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  ...(isSecure() && { 'Strict-Transport-Security': 'max-age=31536000' }),
})

/**
 * Why a request must not change anything, for the log, or `undefined` when it may.
 * A browser names where a form was posted from, in Sec-Fetch-Site, and where it
 * sends none, as on http, in Origin: it must be this site, by the name in AUTH_URL
 * where that is set, since a proxy before us may send another Host. (Next.js
 * checks server actions itself, but answers with a bare 500.)
 *
 * What has neither header is no browser, and has no cookie that it did not choose
 * to send. No page needs such a request; a route handler below /api/ may, for other
 * servers, but not Auth.js's.
 */
export function whyForeign(method: string, pathname: string, headers: Headers): string | undefined {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return undefined
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  if (site === 'same-origin' || site === 'none') return undefined // none: the person, not a page
  if (!origin && !site) {
    const forServers = pathname.startsWith('/api/') && !pathname.startsWith('/api/auth/')
    return forServers ? undefined : 'neither Origin nor Sec-Fetch-Site was sent, and a browser sends one'
  }
  if (!origin) return `Sec-Fetch-Site is ${quote(site)}, want "same-origin"`
  const own = publicOrigin()
  if (own)
    return sameOrigin(origin, own) ? undefined : `Origin is ${quote(origin)}, want ${quote(own)}, which is AUTH_URL`
  const host = headers.get('x-forwarded-host') ?? headers.get('host')
  if (!site && URL.canParse(origin) && new URL(origin).host === host) return undefined
  return `Origin is ${quote(origin)}, Sec-Fetch-Site ${quote(site)}, want the host ${quote(host)}; AUTH_URL names no public address`
}

const sameOrigin = (one: string, other: string) => URL.canParse(one) && new URL(one).origin === other

// Somebody else has written it: on one line, and not for ever.
const quote = (text: string | null) => JSON.stringify((text ?? '').slice(0, 80))
