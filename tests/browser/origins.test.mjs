// Pages of two other origins call the API: one that is set, and one that is not.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { launch } from './browser.mjs'
import { startServer } from './server.mjs'

/** Serves an empty page on a free port. */
async function startPage() {
  const page = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title>'))
  await new Promise((listening) => page.listen(0, '127.0.0.1', listening))
  return { origin: `http://127.0.0.1:${page.address().port}`, stop: () => page.close() }
}

describe('pages of other origins', { timeout: 120_000 }, () => {
  let allowed, other, server, browser

  before(async () => {
    ;[allowed, other] = [await startPage(), await startPage()]
    server = await startServer({ LATCHKEY_CORS_ORIGINS: `https://first.example,${allowed.origin}` })
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await server?.stop()
    allowed?.stop()
    other?.stop()
  })

  /** Calls the API by a script of a page: what it may read of the answer, or 'refused'. */
  async function call(origin, path, init) {
    const page = await browser.newPage()
    try {
      await page.goto(origin)
      return await page.evaluate(
        ([url, options]) =>
          fetch(url, options).then(
            async (answer) => ({
              status: answer.status,
              body: await answer.json().catch(() => null),
              id: answer.headers.get('x-request-id'),
              challenge: answer.headers.get('www-authenticate'),
            }),
            () => 'refused',
          ),
        [`${server.origin}${path}`, init],
      )
    } finally {
      await page.close()
    }
  }

  const login = () => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: server.user.email, password: server.user.password }),
  })

  test('one that is set signs in, calls with the token, and reads the challenge and the request’s id', async () => {
    const { status, body } = await call(allowed.origin, '/api/v1/users/login/', login())
    assert.equal(status, 200)
    const me = await call(allowed.origin, '/api/v1/users/me/', { headers: { authorization: `Bearer ${body.access_token}` } })
    assert.equal(me.body.email, server.user.email)
    const refused = await call(allowed.origin, '/api/v1/users/me/', {})
    assert.equal(refused.status, 401)
    assert.match(refused.id, /^[0-9a-f]{32}$/)
    assert.match(refused.challenge, /^Bearer /)
  })

  test('with cookies, on the admin site, or from another origin: refused by the browser', async () => {
    assert.equal(await call(allowed.origin, '/api/v1/users/me/', { credentials: 'include' }), 'refused')
    assert.equal(await call(allowed.origin, '/admin/login/', {}), 'refused')
    assert.equal(await call(other.origin, '/api/v1/users/me/', {}), 'refused')
    assert.equal(await call(other.origin, '/api/v1/users/login/', login()), 'refused')
  })
})
