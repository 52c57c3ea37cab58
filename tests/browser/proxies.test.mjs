// Signing in behind nginx and Caddy, as operators configure them, with a name of its own.
import assert from 'node:assert/strict'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { at, becomes, launch, openPage, seen } from './browser.mjs'
import { openSignedIn } from './person.mjs'
import { NAME, makeCertificate, nginxSettings, startCaddy, startNginx } from './proxy.mjs'
import { freePort, startSite } from './server.mjs'

const proxies = {
  ...Object.fromEntries(
    Object.entries(nginxSettings).map(([name, settings]) => [`nginx, ${name}`, (options) => startNginx({ ...options, settings })]),
  ),
  Caddy: startCaddy,
}

/** Asks without a browser, from an address of this machine that is no trusted proxy. */
function ask(url, { method = 'GET', headers = {}, body } = {}) {
  const { hostname, port, pathname, protocol, host } = new URL(url)
  assert.equal(hostname, NAME)
  return new Promise((resolve, reject) => {
    const request = (protocol === 'https:' ? requestHttps : requestHttp)(
      { host: '127.0.0.1', port, path: pathname, method, localAddress: '127.0.0.2', agent: false, servername: NAME, rejectUnauthorized: false, headers: { host, ...headers } },
      (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer))
      },
    )
    request.once('error', reject)
    request.end(body)
  })
}

/** The lines that latchkey has logged for a path. */
const logged = (site, path) =>
  site
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter((line) => line.path === path)

for (const scheme of ['http', 'https']) {
  describe(`behind a proxy, on ${scheme}`, { timeout: 600_000 }, () => {
    let site, browser, port, origin, certificate

    before(async () => {
      port = await freePort()
      origin = `${scheme}://${NAME}:${port}`
      if (scheme === 'https') certificate = await makeCertificate()
      // What is trusted is the default.
      site = await startSite({ publicURL: origin, settings: { LATCHKEY_TRUSTED_PROXIES: '' } })
      browser = await launch([`--host-resolver-rules=MAP ${NAME} 127.0.0.1`])
    })
    after(async () => {
      await browser?.close()
      await site?.stop()
      await certificate?.remove()
    })

    for (const [name, start] of Object.entries(proxies)) {
      if (scheme === 'https' && /^nginx, (Host|those)/.test(name)) continue // the README's has both
      /** Runs something while the proxy stands before latchkey, or before the app. */
      const behind = async (upstream, act) => {
        const proxy = await start({ port, upstream, certificate })
        try {
          await act()
        } finally {
          await proxy.stop()
        }
      }

      const signsIn = async (javaScriptEnabled) => {
        const { page, complaints, close } = await openPage(browser, origin, { javaScriptEnabled, ignoreHTTPSErrors: true })
        await openSignedIn(page, origin, site.user)
        await seen(page.locator('dd').getByText(site.user.email))
        await page.locator('main').getByRole('button', { name: 'Sign out' }).click()
        await at(page, `${origin}/`)
        assert.deepEqual(complaints, [])
        await close()
      }

      test(`${name}: people sign in to the app and the admin site, and nobody else's form is taken`, async () => {
        await behind(`http://127.0.0.1:${new URL(site.origin).port}`, async () => {
          await signsIn(true)
          await signsIn(false)

          const { page, complaints, close } = await openPage(browser, origin, { ignoreHTTPSErrors: true })
          await page.goto(`${origin}/admin/`)
          await page.getByLabel('E-mail address').fill(site.user.email)
          await page.getByLabel('Password').fill(site.user.password)
          await page.getByRole('button', { name: 'Sign in' }).click()
          await seen(page.getByRole('link', { name: 'Users' }).first())
          // The page that asks one to sign in is a 401, and on http a browser has no use for this header.
          assert.deepEqual(complaints.filter((each) => !/401|Cross-Origin-Opener-Policy/.test(each)), [])
          await close()

          for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, {}]) {
            for (const path of ['/admin/login/', '/login']) {
              const form = { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: 'a=b' }
              assert.equal((await ask(origin + path, form)).statusCode, 403, `${path} ${JSON.stringify(headers)}`)
            }
          }
          // Each refusal's reason stands in the log: of latchkey, and of the app.
          const causes = () => logged(site, '/admin/login/').map(({ cause }) => cause).filter(Boolean).slice(-3)
          await becomes(async () => causes().length, 3)
          assert.match(causes()[0], /^Origin is "https:\/\/evil\.example", want "https?:\/\/app\.example\.test:\d+", which is LATCHKEY_PUBLIC_URL$/)
          assert.match(causes()[1], /^Sec-Fetch-Site is "cross-site", want same-origin$/)
          assert.match(causes()[2], /^neither Origin nor Sec-Fetch-Site was sent/)
          await becomes(async () => site.app.output(), /a form was refused with 403: Origin is "https:\/\/evil\.example", want ".*", which is AUTH_URL/)
        })
      })

      test(`${name}: who asks is the last address that the proxy saw, whatever was written before it`, async () => {
        await behind(`http://127.0.0.1:${new URL(site.origin).port}`, async () => {
          await ask(`${origin}/openapi.json`, { headers: { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9' } })
          const clients = () => logged(site, '/openapi.json').map(({ client }) => client)
          // Bare, nginx passes on what the client wrote: that is believed only because
          // latchkey takes nginx for a proxy that says who asks.
          const want = name === 'nginx, bare' ? '203.0.113.9' : '127.0.0.2'
          await becomes(async () => clients().at(-1), want)
        })
      })

      test(`${name}: redirects name no host`, async () => {
        await behind(`http://127.0.0.1:${new URL(site.origin).port}`, async () => {
          for (const path of ['/admin', '/account', '/api/auth/signin']) {
            const { statusCode, headers } = await ask(origin + path)
            if (statusCode >= 300 && statusCode < 400) assert.match(headers.location, /^\/(?!\/)/, path)
            else assert.ok(statusCode < 500, `${path}: ${statusCode}`)
          }
        })
      })

      // The other way round: browser, proxy, Next.js, latchkey.
      test(`${name}: people sign in where the app comes first`, async () => {
        await behind(site.appOrigin, async () => {
          await signsIn(true)
          await signsIn(false)
        })
      })
    }
  })
}
