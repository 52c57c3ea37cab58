/**
 * A path of this site to go back to, from what stands in a URL, where anybody
 * can write anything; `/` for what leads elsewhere, or to a page that signs in or
 * out. `origin` is the site's own, which Auth.js writes before its paths.
 */
export function returnPath(callbackUrl: string | string[] | null | undefined, origin: string): string {
  const wanted = (Array.isArray(callbackUrl) ? callbackUrl[0] : callbackUrl) ?? ''
  if (!wanted.startsWith('/') && !wanted.startsWith(`${origin}/`)) return '/'
  // Browsers read \ as /, leave out tabs, and take //host for another host: URL
  // does the same, so what it gives is what a browser would do.
  if (!URL.canParse(wanted, origin)) return '/'
  const url = new URL(wanted, origin)
  if (url.origin !== origin || url.pathname.startsWith('//')) return '/'
  if (/^\/(login|logout|api)(\/|$)/.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}
