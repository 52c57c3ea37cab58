// What an app like this is sent, and what an API may answer, when things go wrong.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { launch, openPage, reads } from './browser.mjs'
import { alertOf, openSignedIn, seal, sessionCookie, signIn } from './person.mjs'
import { AUTH_SECRET, onFreePort, startApp, startSite } from './server.mjs'

const user = { id: 1, email: 'ada@example.com', first_name: 'Ada', last_name: '', is_staff: false, is_active: true }
const session = (access_token) => ({ access_token, token_type: 'Bearer', user })

/** One request, without a browser's help; `from` is our address. */
function ask(url, { method = 'GET', headers = {}, body, from } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, localAddress: from }, (answer) => {
      const parts = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts).toString() }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Nobody is signed in by an answer: no session cookie, and no more than a page of ours. */
function assertOwnPage({ status, headers, body }, statuses = [200]) {
  assert.ok(statuses.includes(status), `answers ${status}`)
  assert.doesNotMatch(String(headers['set-cookie'] ?? ''), /session-token=[^;]/)
  assertWithout(body, /\bat \S+ \(|node_modules|Error:/)
}

/** Says what was found, and not all of the page. */
function assertWithout(body, what) {
  assert.equal(body.match(what)?.[0], undefined)
}

const leadsTo = (origin, answer) => new URL(answer.headers.location, origin).href

describe('hostile requests', { timeout: 600_000 }, () => {
  let site, browser
  before(async () => {
    site = await startSite()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await site?.stop()
  })

  for (const [name, cookie] of [
    ['another secret', async () => seal(session('x'), 'another secret that is long enough')],
    ['a cut', async () => (await seal(session('x'))).slice(0, -20)],
    ['8 kB', async () => 'x'.repeat(8192)],
    ['nonsense', async () => '%00%ff..\u00e9'],
  ]) {
    test(`a cookie from or with ${name} is none`, async () => {
      const headers = { cookie: `authjs.session-token=${await cookie()}` }
      const home = await ask(site.origin, { headers })
      assertOwnPage(home)
      assert.match(home.body, /Good to see you/)
      const account = await ask(`${site.origin}/account`, { headers })
      assertOwnPage(account, [307])
      assert.equal(leadsTo(site.origin, account), `${site.origin}/login?callbackUrl=%2Faccount`)
    })
  }

  test('a good cookie in an Authorization header is none', async () => {
    const { page, close } = await openPage(browser, site.origin)
    await openSignedIn(page, site.origin, site.user)
    const { value } = await sessionCookie(page)
    for (const authorization of [`Bearer ${value}`, `bearer ${encodeURIComponent(value)}`]) {
      const answer = await ask(`${site.origin}/account`, { headers: { authorization } })
      assertOwnPage(answer, [307])
    }
    await close()
  })

  test('the way around the middleware (CVE-2025-29927) leads to /login', async () => {
    for (const value of ['proxy:proxy:proxy:proxy:proxy', 'src/proxy:src/proxy:src/proxy:src/proxy:src/proxy', 'middleware', 'src/middleware']) {
      const headers = { 'x-middleware-subrequest': value, 'x-middleware-invoke': '1' }
      for (const origin of [site.origin, site.appOrigin]) {
        const answer = await ask(`${origin}/account`, { headers })
        assertOwnPage(answer, [307])
        assert.match(answer.headers.location, /\/login/)
      }
    }
  })

  // ASVS 7.6.2
  test('a form that another site posts is refused, with a page of ours', async () => {
    for (const path of ['/login', '/logout', '/account', '/', '/api/auth/callback/latchkey']) {
      for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
        const answer = await ask(site.origin + path, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ username: site.user.email, password: site.user.password }).toString(),
        })
        assertOwnPage(answer, [403])
        assert.match(answer.body, /That came from another site/)
      }
    }
  })

  // ASVS 7.6.2
  test('Auth.js itself signs nobody in without its own token', async () => {
    const answer = await ask(`${site.origin}/api/auth/callback/latchkey`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ username: site.user.email, password: site.user.password }).toString(),
    })
    assertOwnPage(answer, [302])
    assert.match(answer.headers.location, /\/login\?error=MissingCSRF/)
  })

  test('a way back that leads elsewhere is not taken', async () => {
    const answer = await ask(`${site.origin}/api/auth/signin?callbackUrl=https%3A%2F%2Fevil.example%2F`)
    assertOwnPage(answer, [302])
    assert.doesNotMatch(JSON.stringify(answer.headers), /evil\.example/)
  })

  test('parameters that are repeated, long or strange get a page', async () => {
    for (const query of [
      'callbackUrl=/account&callbackUrl=https://evil.example',
      'reason=session_ended&reason=x',
      'error=x&error=y&code=z',
      'error=CredentialsSignin',
      'error=CredentialsSignin&code=%3Cscript%3E',
      'error=toString',
      `callbackUrl=${'x'.repeat(4000)}`,
      'callbackUrl=%00',
      'callbackUrl=http://[',
    ]) {
      const answer = await ask(`${site.origin}/login?${query}`)
      assertOwnPage(answer)
      assertWithout(answer.body, /<script>|href="https:\/\/evil\.example/)
    }
  })

  test('a form with other or repeated fields signs nobody in', async () => {
    const page = await ask(`${site.origin}/login`)
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?/g)]
    for (const fields of [[], [['username', 'a'], ['username', 'b'], ['password', 'c']], [['password[]', 'x']], [['username', '\0'], ['password', 'x']]]) {
      const form = new FormData()
      for (const [, name, value] of hidden) form.append(name, (value ?? '').replaceAll('&quot;', '"'))
      for (const [name, value] of fields) form.append(name, value)
      const answer = await fetch(`${site.origin}/login`, { method: 'POST', headers: { origin: site.origin }, body: form, redirect: 'manual' })
      assertOwnPage({ status: answer.status, headers: { 'set-cookie': answer.headers.getSetCookie() }, body: await answer.text() })
    }
  })

  test('an unknown action gets a page', async () => {
    const answer = await ask(`${site.origin}/login`, {
      method: 'POST',
      headers: { origin: site.origin, 'next-action': '0'.repeat(42), 'content-type': 'text/plain;charset=UTF-8' },
      body: '[]',
    })
    assertOwnPage(answer, [404, 409])
  })

  test('forged headers from outside change nothing: the address is that of the connection', async () => {
    const agent = 'Forging-Client/1.0'
    const answer = await ask(`${site.origin}/api/v1/users/login/`.replace('localhost', '127.0.0.1'), {
      method: 'POST',
      from: '127.0.0.2',
      headers: {
        'content-type': 'application/json',
        'user-agent': agent,
        'x-forwarded-for': '203.0.113.9',
        forwarded: 'for=203.0.113.9',
        'x-real-ip': '203.0.113.9',
      },
      body: JSON.stringify({ username: site.user.email, password: site.user.password }),
    })
    assert.equal(answer.status, 200)
    assert.deepEqual(await site.sql(`SELECT address FROM latchkey_session WHERE user_agent = '${agent}'`), [['127.0.0.2']])
  })

  test('nor through the app', async () => {
    const agent = 'Forging-Browser/1.0'
    const origin = site.origin.replace('localhost', '127.0.0.1')
    const headers = { 'user-agent': agent, 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }
    const from = '127.0.0.2'
    const token = await ask(`${origin}/api/auth/csrf`, { from, headers })
    const cookie = token.headers['set-cookie'].map((each) => each.split(';')[0]).join('; ')
    const { csrfToken } = JSON.parse(token.body)
    const answer = await ask(`${origin}/api/auth/callback/latchkey`, {
      method: 'POST',
      from,
      headers: { ...headers, origin, cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrfToken, username: site.user.email, password: site.user.password }).toString(),
    })
    assert.match(String(answer.headers['set-cookie']), /session-token=ey/)
    assert.deepEqual(await site.sql(`SELECT address FROM latchkey_session WHERE user_agent = '${agent}'`), [['127.0.0.2']])
  })
})

describe('an API that answers nonsense', { timeout: 600_000 }, () => {
  let api, app, origin, browser
  let answer // what the API does with a request

  before(async () => {
    api = http.createServer((request, response) => answer(request, response))
    await new Promise((resolve) => api.listen(0, '127.0.0.1', resolve))
    app = await onFreePort((port) => {
      origin = `http://localhost:${port}`
      return startApp(port, { AUTH_SECRET, AUTH_URL: origin, INTERNAL_API_URL: `http://127.0.0.1:${api.address().port}/api/v1` })
    })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await app?.stop()
    api?.closeAllConnections()
    api?.close()
  })

  const send = (status, type, body, headers) => (_, response) => response.writeHead(status, { 'content-type': type, ...headers }).end(body)
  const problem = (status, code) => JSON.stringify({ type: 'about:blank', title: 'x', status, code, detail: 'x', request_id: '1' })
  const faults = {
    'HTML with 200': send(200, 'text/html', '<html>hello</html>'),
    'HTML that is called JSON': send(200, 'application/json', '<html>hello</html>'),
    'JSON that is no token': send(200, 'application/json', '{"status":"ok"}'),
    'half a body': (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"access_token":"ey')
      response.socket.end()
    },
    'a connection that breaks off': (request) => request.socket.destroy(),
    'a redirect': send(302, 'text/plain', '', { location: 'https://evil.example/' }),
    "a gateway's 401": send(401, 'text/html', '<h1>Unauthorized</h1>'),
    500: send(500, 'application/problem+json', problem(500, 'internal')),
    503: send(503, 'application/problem+json', problem(503, 'unavailable'), { 'retry-after': '1' }),
    429: send(429, 'application/problem+json', problem(429, 'too_many_attempts'), { 'retry-after': '60' }),
    'nothing, for longer than anybody waits': () => {},
  }

  for (const [name, fault] of Object.entries(faults)) {
    test(`${name}: nobody is signed out, and pages say so`, async () => {
      answer = fault
      const headers = { cookie: `authjs.session-token=${await seal(session('t0k3n'))}` }
      for (const path of ['/', '/account', '/login']) {
        const got = await ask(origin + path, { headers })
        assertOwnPage(got, [503])
        assert.match(got.body, /Back in a moment/)
        assert.equal(got.headers['set-cookie'], undefined)
      }
    })

    test(`${name}: nobody is signed in, and the form says so`, async () => {
      answer = fault
      const { page, close } = await openPage(browser, origin)
      await page.goto(`${origin}/login`)
      await signIn(page, { email: 'ada@example.com', password: 'x' })
      await alertOf(page).waitFor()
      await reads(alertOf(page), /cannot be reached|did not work|Too many/)
      assert.equal(await sessionCookie(page), undefined)
      await close()
    })
  }

  test('the API’s own 401 signs out, and says so', async () => {
    answer = send(401, 'application/problem+json', problem(401, 'invalid_token'))
    const headers = { cookie: `authjs.session-token=${await seal(session('t0k3n'))}` }
    const got = await ask(`${origin}/account`, { headers })
    assert.equal(got.status, 307)
    assert.equal(leadsTo(origin, got), `${origin}/login?callbackUrl=%2Faccount&reason=session_ended`)
    assert.match(got.headers['set-cookie'][0], /authjs\.session-token=;.*Max-Age=0/)
  })
})

describe('on https', { timeout: 600_000 }, () => {
  let site, proxy, browser, folder

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '2', '-keyout', key, '-out', cert], { stdio: 'ignore' })
    // What ends TLS before latchkey, as a load balancer does.
    proxy = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
      const headers = { ...request.headers, 'x-forwarded-for': request.socket.remoteAddress.replace('::ffff:', '') }
      const onward = http.request(site.origin + request.url, { method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers)
        answer.pipe(response)
      })
      request.pipe(onward)
    })
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    site = await startSite({ publicURL: `https://localhost:${proxy.address().port}` })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    proxy?.closeAllConnections()
    proxy?.close()
    await site?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('cookies are Secure, and their names say so', async () => {
    const origin = `https://localhost:${proxy.address().port}`
    const { page, complaints, close } = await openPage(browser, origin, { ignoreHTTPSErrors: true })
    await page.goto(`${origin}/account`)
    await signIn(page, site.user)
    await page.waitForURL(`${origin}/account`)
    const cookie = await sessionCookie(page)
    assert.equal(cookie.name, '__Secure-authjs.session-token')
    assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite], [true, true, 'Lax'])
    await page.goto(`${origin}/api/auth/signout`)
    for (const { name, secure } of await page.context().cookies()) {
      assert.match(name, /^__(Secure|Host)-/)
      assert.ok(secure, `${name} is not Secure`)
    }
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${origin}/`)
    assert.equal(await sessionCookie(page), undefined)
    assert.deepEqual(complaints, [])
    await close()
  })
})
