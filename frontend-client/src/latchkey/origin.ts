/**
 * The origin at which browsers reach this site, if AUTH_URL says so. An address of
 * this machine alone says nothing: others may reach it by another name.
 */
export function publicOrigin(): string | undefined {
  const set = process.env.AUTH_URL || process.env.NEXTAUTH_URL || ''
  if (!URL.canParse(set)) return undefined
  const { origin, hostname } = new URL(set)
  return /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname) ? undefined : origin
}

/**
 * The origin at which the browser has reached this site: the public one, else what
 * the server before us says, else the Host header. Next.js's own `request.url`
 * names our inner address, and calls 127.0.0.1 localhost.
 */
export function siteOrigin(headers: Headers): string {
  const host = headers.get('x-forwarded-host') ?? headers.get('host') ?? 'localhost'
  const protocol = headers.get('x-forwarded-proto')?.split(',')[0] ?? 'http'
  return publicOrigin() ?? `${protocol}://${host}`
}
