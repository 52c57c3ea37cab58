import { isSecure } from '@/latchkey/env'

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
 * Whether a request may change something: a browser names where a form was
 * posted from, and it must be this site. (Next.js checks server actions itself,
 * but answers with a bare 500.)
 */
export function isFromThisSite(method: string, headers: Headers): boolean {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return true
  const origin = headers.get('origin')
  if (origin === null) return headers.get('sec-fetch-site') !== 'cross-site'
  const host = headers.get('x-forwarded-host') ?? headers.get('host')
  return URL.canParse(origin) && new URL(origin).host === host
}
