/**
 * The origin at which the browser has reached this site: what the server before
 * us says, else the Host header. Next.js's own `request.url` names our inner
 * address, and calls 127.0.0.1 localhost.
 */
export function siteOrigin(headers: Headers): string {
  const host = headers.get('x-forwarded-host') ?? headers.get('host') ?? 'localhost'
  const protocol = headers.get('x-forwarded-proto')?.split(',')[0] ?? 'http'
  return `${protocol}://${host}`
}
