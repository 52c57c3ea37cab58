// Somebody who visits without a browser: from an address of this machine's choice, with
// whatever headers, keeping the cookies. What a browser would not send is asked with it.
import assert from 'node:assert/strict'
import { request as requestHttp } from 'node:http'
import { AUTH_SECRET } from './server.mjs'
import { decode } from './person.mjs'

/**
 * A visitor of a site at `origin`, who connects to `at` (the site's own address, by
 * default) from the address `from`, and sends `headers` along with everything.
 */
export function visitor(origin, { from = '127.0.0.1', at = origin, headers: always = {} } = {}) {
  const cookies = new Map()
  const { port } = new URL(at)

  /**
   * Gives the status, the Set-Cookie lines and the text of the answer. Next.js sends whoever
   * wants a page's payload to an address with a hash of the headers that it depends on.
   */
  async function ask(path, options) {
    const answer = await askOnce(path, options)
    if (answer.status !== 307 || !/[?&]_rsc(=|$)/.test(answer.location)) return answer
    const { pathname, search } = new URL(answer.location, origin)
    return askOnce(pathname + search, options)
  }

  const askOnce = (path, { method = 'GET', headers = {}, body } = {}) =>
    new Promise((resolve, reject) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const sent = { host: new URL(origin).host, ...(cookie && { cookie }), ...(method !== 'GET' && { origin }), ...always, ...headers }
      const request = requestHttp({ host: '127.0.0.1', port, path, method, localAddress: from, agent: false, headers: sent }, (answer) => {
        const parts = []
        answer.on('data', (part) => parts.push(part))
        answer.once('error', reject)
        answer.once('end', () => {
          const set = answer.headers['set-cookie'] ?? []
          for (const line of set) keep(line)
          resolve({ status: answer.statusCode, location: answer.headers.location, set, text: Buffer.concat(parts).toString() })
        })
      })
      request.once('error', reject)
      request.end(body)
    })

  function keep(line) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
    if (value === '' || /;\s*max-age=0(;|$)/i.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }

  /** Posts fields as a form of the kind that Auth.js has. */
  const post = (path, fields, { headers, ...options } = {}) =>
    ask(path, {
      method: 'POST',
      ...options,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: String(new URLSearchParams(fields)),
    })

  /** Auth.js's own token against foreign forms, with its cookie. */
  const csrfToken = async () => JSON.parse((await ask('/api/auth/csrf')).text).csrfToken

  const cookieName = () => [...cookies.keys()].find((name) => name.endsWith('authjs.session-token'))

  return {
    ask,
    post,
    csrfToken,
    cookies,
    /** The form of the sign-in page, as a browser without JavaScript sends it. */
    async signIn({ email, password }) {
      const page = await ask('/login')
      const form = new FormData()
      for (const [field] of page.text.matchAll(/<input type="hidden"[^>]*>/g)) {
        const [name, value] = ['name', 'value'].map((attribute) => unescape(new RegExp(` ${attribute}="([^"]*)"`).exec(field)?.[1] ?? ''))
        form.set(name, value)
      }
      form.set('username', email)
      form.set('password', password)
      const encoded = new Response(form)
      const type = encoded.headers.get('content-type')
      const answer = await ask('/login', { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(await encoded.arrayBuffer()) })
      assert.ok(cookieName(), `nobody was signed in: ${answer.status}`)
    },
    /** Auth.js's own way to sign in, which no page of ours uses. */
    async signInAtAuthJs({ email, password }) {
      const answer = await post('/api/auth/callback/latchkey', { username: email, password, csrfToken: await csrfToken() })
      assert.ok(cookieName(), `nobody was signed in: ${answer.status}`)
    },
    /** What the session cookie holds. */
    session: () => decode({ token: cookies.get(cookieName()), secret: AUTH_SECRET, salt: cookieName() }),
    cookieName,
  }
}

const unescape = (text) => text.replace(/&quot;/g, '"').replace(/&#x27;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&')

/** Somebody's sessions as the API tells them, and a call that ends one. */
export function sessionsOf(server, token) {
  const call = (path, method = 'GET') =>
    fetch(`${server.origin}/api/v1/users/me/sessions/${path}`, { method, headers: { Authorization: `Bearer ${token}` } })
  return {
    async current() {
      const { sessions } = await (await call('')).json()
      return sessions.find(({ current }) => current)
    },
    async end(id) {
      assert.equal((await call(`${id}/`, 'DELETE')).status, 204)
    },
  }
}
