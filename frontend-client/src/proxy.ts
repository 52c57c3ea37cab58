import { NextResponse, type NextRequest } from 'next/server'
import { publicOrigin, siteOrigin } from '@/latchkey/origin'
import { CHECKED, checkedMark, checkSessionOf } from '@/latchkey/renew'
import { COOKIE_MAX_AGE, cookieName, cookieOptions, sealSession } from '@/latchkey/session'
import { forbidden, noticePage, unavailable, type Notice } from '@/notice-page'
import { contentSecurityPolicy, securityHeaders, whyForeign } from '@/security'

/** Everything but files; links that are only looked at in advance, too: any request may say that it is one. */
export const config = {
  matcher: ['/((?!_next/static/|_next/image|icon\\.svg$|favicon\\.ico$).*)'],
}

/**
 * Stands before every page. It asks the API once whether the session goes on,
 * and puts a renewed token into the cookie: of the answer, for the browser, and
 * of the request, for the page that is rendered now. Auth.js's own callbacks can
 * do neither while a page renders.
 */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const foreign = whyForeign(request.method, request.nextUrl.pathname, request.headers)
  if (foreign) {
    console.warn(`a form was refused with 403: ${foreign}`)
    return notice(forbidden)
  }
  // What a form does, and what its page then shows, is one request: the action
  // asks the API itself, and sets or deletes the cookie itself.
  if (!['GET', 'HEAD'].includes(request.method)) return pass(request)

  const state = await checkSessionOf(request.headers)
  switch (state.kind) {
    case 'active':
      return pass(
        request,
        state.changed ? await sealSession(state.session) : undefined,
        checkedMark(state.session.access_token),
      )
    case 'ended':
      return isPage(request) ? signIn(request) : pass(request, null)
    case 'unknown':
      return isPage(request) ? notice(unavailable) : pass(request)
    case 'none':
      return pass(request)
  }
}

const isPage = ({ nextUrl }: NextRequest) => !nextUrl.pathname.startsWith('/api/')

/**
 * Goes on to the page, with another value of the session cookie, or without it (null);
 * `checked` tells it that the API was asked.
 */
function pass(request: NextRequest, cookie?: string | null, checked?: string): NextResponse {
  const nonce = crypto.randomUUID()
  const policy = contentSecurityPolicy(nonce)
  if (cookie) request.cookies.set(cookieName(), cookie)
  if (cookie === null) request.cookies.delete(cookieName())
  const headers = new Headers(request.headers)
  headers.set('content-security-policy', policy) // Next.js takes the nonce from here
  // Next.js compares a server action's Origin with this, and calls it foreign else.
  const own = publicOrigin()
  if (own) headers.set('x-forwarded-host', new URL(own).host)
  headers.delete(CHECKED)
  if (checked) headers.set(CHECKED, checked)
  headers.set('x-pathname', request.nextUrl.pathname + request.nextUrl.search)
  const response = NextResponse.next({ request: { headers } })
  setHeaders(response, policy)
  setCookie(response, cookie)
  return response
}

/** Says on /login that the session is over, and leads back from there. */
function signIn(request: NextRequest): NextResponse {
  const { pathname, search } = request.nextUrl
  if (pathname === '/login') return pass(request, null)
  const query = new URLSearchParams({ callbackUrl: pathname + search, reason: 'session_ended' })
  const response = NextResponse.redirect(new URL(`/login?${query}`, siteOrigin(request.headers)))
  setCookie(response, null)
  return response
}

function notice(what: Notice): NextResponse {
  const nonce = crypto.randomUUID()
  const response = new NextResponse(noticePage(what, nonce), {
    status: what.status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  })
  setHeaders(response, contentSecurityPolicy(nonce))
  if (what.recovers) response.headers.set('retry-after', '5')
  return response
}

function setHeaders(response: NextResponse, policy: string) {
  response.headers.set('content-security-policy', policy)
  for (const [name, value] of Object.entries(securityHeaders())) response.headers.set(name, value)
}

function setCookie(response: NextResponse, cookie: string | null | undefined) {
  if (cookie === undefined) return
  response.cookies.set(cookieName(), cookie ?? '', { ...cookieOptions(), maxAge: cookie ? COOKIE_MAX_AGE : 0 })
}
