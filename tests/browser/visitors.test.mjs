// Who visits, as latchkey and the Next.js app tell each other, whichever comes first and
// whatever a visitor says of themselves; and a session that is ended elsewhere.
import assert from 'node:assert/strict'
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { NAME, nginxSettings, startNginx } from './proxy.mjs'
import { becomes } from './browser.mjs'
import { freePort, startServer, startSite } from './server.mjs'
import { sessionsOf, visitor } from './visitor.mjs'

const newSecret = () => randomBytes(33).toString('base64')
const hex = (text) => createHash('sha256').update(text).digest('hex')

/** A claim as the app makes it (or, with `side: 'app'`, as latchkey does): frontend-client/src/latchkey/visitor.ts. */
function claim(secret, { side = 'api', path = '/api/v1/users/login/', body = '', address = '203.0.113.9', userAgent = 'Claimed/1.0', age = 0 } = {}) {
  const said = { t: Math.floor(Date.now() / 1000) - age, n: randomBytes(16).toString('base64url'), a: address, ua: userAgent, b: hex(body) }
  const payload = Buffer.from(JSON.stringify(said)).toString('base64url')
  const lines = side === 'api' ? ['api', 'POST', path, hex(''), payload] : ['app', payload]
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'latchkey client claim', 32))
  return `${payload}.${createHmac('sha256', key).update(lines.join('\n')).digest('base64url')}`
}

/** What a visitor may write about themselves, to be taken for another. */
const lies = {
  'who says nothing of themselves': {},
  'with a forged X-Forwarded-For': { 'x-forwarded-for': '203.0.113.9' },
  'with one of trusted addresses': { 'x-forwarded-for': '203.0.113.9, 127.0.0.1, ::1', 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' },
  'with a claim signed by another': { 'latchkey-client': claim(newSecret(), { side: 'app' }), 'x-forwarded-for': '203.0.113.9' },
  'with a user agent that is long when it is written as JSON': { 'user-agent': '<"'.repeat(250) },
  'who wants the headers dropped that tell of them': { connection: 'close, latchkey-client, x-forwarded-for', 'x-forwarded-for': '203.0.113.9' },
  'with a claim that is none': { 'latchkey-client': 'e30.e30', 'x-forwarded-for': '203.0.113.9' },
}

/** Where latchkey and the app stand, and what either trusts. */
const topologies = {
  'browser, latchkey, Next.js, latchkey': () => startSite(),
  'browser, latchkey, Next.js, latchkey, with claims alone': () => startSite(claimsAlone()),
  'browser, Next.js, latchkey': () => startSite({ appFirst: true }),
  'browser, Next.js, latchkey, with claims alone': () => startSite({ appFirst: true, ...claimsAlone() }),
  'browser, nginx, Next.js, latchkey': behindNginx,
}

/** Settings with which no address is trusted, but a secret is shared. */
function claimsAlone() {
  const shared = { LATCHKEY_TRUSTED_PROXIES: 'none', LATCHKEY_FRONTEND_SECRET: newSecret() }
  return { settings: shared, appSettings: shared }
}

/** nginx as in the README before the app, which trusts it; latchkey trusts nobody's address. */
async function behindNginx() {
  const port = await freePort()
  const publicURL = `http://${NAME}:${port}`
  const { settings } = claimsAlone()
  const site = await startSite({ appFirst: true, publicURL, settings, appSettings: { ...settings, LATCHKEY_TRUSTED_PROXIES: '' } })
  const nginx = await startNginx({ port, upstream: site.appOrigin, settings: nginxSettings['as in the README'] }).catch(async (fault) => {
    await site.stop()
    throw fault
  })
  return {
    ...site,
    async stop() {
      await nginx.stop()
      await site.stop()
    },
  }
}

for (const [name, start] of Object.entries(topologies)) {
  describe(`${name}:`, { timeout: 600_000 }, () => {
    let site
    before(async () => {
      site = await start()
    })
    after(() => site?.stop())

    for (const [who, headers] of Object.entries(lies)) {
      test(`a visitor ${who} has their own address`, async () => {
        for (const [from, way] of [['127.0.0.2', 'signIn'], ['127.0.0.3', 'signInAtAuthJs']]) {
          const sent = { 'user-agent': `Test-Visitor/1.0 (${who})`, ...headers }
          const person = visitor(site.publicURL, { from, headers: sent })
          await person[way](site.user)
          const { access_token: token } = await person.session()
          const { address, user_agent } = await sessionsOf(site, token).current()
          assert.deepEqual({ address, user_agent }, { address: from, user_agent: sent['user-agent'] })
        }
      })
    }
  })
}

describe('claims that are sent to the API directly', { timeout: 600_000 }, () => {
  const secret = newSecret()
  let server
  before(async () => {
    server = await startServer({ LATCHKEY_TRUSTED_PROXIES: 'none', LATCHKEY_FRONTEND_SECRET: secret })
  })
  after(() => server?.stop())

  const credentials = () => JSON.stringify({ username: server.user.email, password: server.user.password })

  /** The address of the session that signing in with a claim begins. */
  async function addressWith(text) {
    const person = visitor(server.origin, { from: '127.0.0.2' })
    const headers = { 'content-type': 'application/json', 'latchkey-client': text }
    const answer = await person.ask('/api/v1/users/login/', { method: 'POST', headers, body: credentials() })
    assert.equal(answer.status, 200, answer.text)
    return (await sessionsOf(server, JSON.parse(answer.text).access_token).current()).address
  }

  test('one of the app’s counts, once', async () => {
    const text = claim(secret, { body: credentials() })
    assert.equal(await addressWith(text), '203.0.113.9')
    assert.equal(await addressWith(text), '127.0.0.2')
    await becomes(() => server.output(), /was not believed.*it was used before/)
  })

  for (const [what, forged] of Object.entries({
    'signed with another secret': () => claim(newSecret(), { body: credentials() }),
    'of latchkey’s own for the app': () => claim(secret, { side: 'app', body: credentials() }),
    'about another body': () => claim(secret, { body: '{}' }),
    'about another path': () => claim(secret, { path: '/api/v1/users/me/', body: credentials() }),
    'that is old': () => claim(secret, { age: 60, body: credentials() }),
    'that is none': () => 'x',
  })) {
    test(`one ${what} is passed over`, async () => {
      assert.equal(await addressWith(forged()), '127.0.0.2')
    })
  }
})

/** What a request may say of itself so that an app does less for it. */
const pretexts = {
  'a plain request': {},
  'the payload of a page': { rsc: '1' },
  'a prefetch of Next.js': { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree' },
  'a prefetch of a whole page': { rsc: '1', 'next-router-prefetch': '1' },
  'a page that says it is a prefetch': { 'next-router-prefetch': '1', purpose: 'prefetch', 'sec-purpose': 'prefetch' },
  'one that says it was checked': { 'x-session-checked': `${Date.now()}.${'A'.repeat(43)}` },
}

/** Next.js answers a prefetch without what a page asks for when it is rendered. */
const hasContent = (headers) => !(headers.rsc && headers['next-router-prefetch'])

// ASVS 7.4.1
describe('a session that is ended at the API', { timeout: 600_000 }, () => {
  let site, other
  before(async () => {
    site = await startSite()
    other = visitor(site.origin)
    await other.signIn(site.user)
  })
  after(() => site?.stop())

  /** Somebody who was signed in until a moment ago; their cookie is what it was. */
  async function revoked(act = () => {}) {
    const person = visitor(site.origin)
    await person.signIn(site.user)
    await act(person)
    const { id } = await sessionsOf(site, (await person.session()).access_token).current()
    await sessionsOf(site, (await other.session()).access_token).end(id)
    return person
  }

  /** The answer shows nothing, and leaves no session behind in the browser. */
  function isDead(person, { status, set, text }) {
    assert.ok(status < 500, `${status}: ${text}`)
    assert.ok(!text.includes(site.user.email), 'it shows who was signed in')
    assert.equal(set.filter((line) => /authjs\.session-token=[^;]/.test(line)).length, 0, 'the cookie was renewed')
    assert.equal(person.cookieName(), undefined, 'the cookie is still there')
  }

  for (const [what, headers] of Object.entries(pretexts)) {
    for (const path of ['/', '/account', '/account/sessions', '/api/auth/session']) {
      test(`${path} shows nothing: ${what}`, async () => {
        let alive
        const person = await revoked(async (living) => {
          alive = await living.ask(path, { headers })
        })
        assert.equal(alive.status, 200)
        if (hasContent(headers) || path.startsWith('/api/')) assert.ok(alive.text.includes(site.user.email), 'nothing was looked at')
        isDead(person, await person.ask(path, { headers }))
      })
    }

    test(`POST /api/auth/session renews nothing: ${what}`, async () => {
      let csrfToken
      const ask = (who) => who.ask('/api/auth/session', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ csrfToken, data: {} }) })
      const person = await revoked(async (living) => {
        csrfToken = await living.csrfToken()
        const { text, set } = await ask(living)
        assert.equal(JSON.parse(text).user.email, site.user.email)
        assert.ok(set.some((line) => /authjs\.session-token=[^;]/.test(line)), 'a living session is renewed')
      })
      const answer = await ask(person)
      assert.equal(answer.text, 'null')
      isDead(person, answer)
    })

    if (!hasContent(headers)) continue
    // What is posted passes proxy.ts unasked: here auth() in the page asks.
    test(`a form that is posted to a page shows nothing: ${what}`, async () => {
      let alive
      const person = await revoked(async (living) => {
        alive = await living.post('/', { a: 'b' }, { headers })
      })
      assert.ok(alive.text.includes(site.user.email), 'nothing was looked at')
      const { status, text } = await person.post('/', { a: 'b' }, { headers })
      assert.ok(status < 500)
      assert.ok(!text.includes(site.user.email), 'it shows who was signed in')
    })
  }
})
