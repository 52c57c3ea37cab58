// The Next.js app in a real browser, behind the one address.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, becomes, holds, launch, openPage, reads, seen } from './browser.mjs'
import { alertOf, openSignedIn, sessionCookie, sessionOf, signIn, statusOf } from './person.mjs'
import { startSite } from './server.mjs'

describe('signing in and out', { timeout: 600_000 }, () => {
  let site, browser

  before(async () => {
    site = await startSite()
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await site?.stop()
  })

  /** Runs what a person does; nothing may complain meanwhile. */
  async function visit(options, act) {
    const { page, complaints, close } = await openPage(browser, site.origin, options)
    await act(page)
    assert.deepEqual(complaints, [])
    await close()
  }

  // ASVS 7.4.1, 7.4.4
  test('home, sign in, account, sign out; then the token is dead and going back shows nothing', async () => {
    await visit({}, async (page) => {
      await page.goto(site.origin)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.waitForURL('**/login')
      await signIn(page, site.user)
      await page.waitForURL(`${site.origin}/`)
      await page.getByText('Signed in as').waitFor()
      await page.getByRole('link', { name: 'Your account' }).click()
      await page.waitForURL('**/account')
      await page.locator('dd').getByText(site.user.email).waitFor()

      const { access_token: token } = await sessionOf(page)
      assert.equal(await statusOf(site, token), 200)
      await page.locator('main').getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL(`${site.origin}/`)
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      assert.equal(await sessionCookie(page), undefined)
      assert.equal(await statusOf(site, token), 401)

      await page.goBack()
      await page.waitForURL('**/login?*')
      assert.ok(!(await page.content()).includes(site.user.email), 'going back shows who was signed in')
    })
  })

  test('without JavaScript: sign in, see the account, sign out', async () => {
    await visit({ javaScriptEnabled: false }, async (page) => {
      await page.goto(`${site.origin}/account`)
      await signIn(page, { ...site.user, password: 'wrong' })
      await reads(alertOf(page), 'Incorrect e-mail address or password.')
      await holds(page.getByLabel('E-mail address'), site.user.email)
      await signIn(page, site.user)
      await at(page, `${site.origin}/account`)
      await seen(page.locator('dd').getByText(site.user.email))
      await page.getByRole('button', { name: 'Sign out' }).click()
      await at(page, `${site.origin}/`)
      await seen(page.getByRole('button', { name: 'Sign in' }))
    })
  })

  test('a wrong password says so, keeps the address, and signs nobody in', async () => {
    await visit({}, async (page) => {
      await page.goto(`${site.origin}/login`)
      await signIn(page, { email: site.user.email, password: 'wrong' })
      await alertOf(page).getByText('Incorrect e-mail address or password.').waitFor()
      await holds(page.getByLabel('E-mail address'), site.user.email)
      await holds(page.getByLabel('Password'), '')
      assert.equal(await sessionCookie(page), undefined)
    })
  })

  test('too many wrong passwords say how long to wait', async () => {
    await visit({}, async (page) => {
      await page.goto(`${site.origin}/login`)
      for (let tries = 0; tries < 5; tries++) {
        const answered = page.waitForResponse((answer) => answer.request().method() === 'POST')
        await signIn(page, { email: 'nobody@example.com', password: 'wrong' })
        await answered
      }
      await signIn(page, { email: 'nobody@example.com', password: 'wrong' })
      await alertOf(page).getByText('Too many failed attempts. Try again in a minute.').waitFor()
    })
  })

  test('an address that is none is told beside its field', async () => {
    await visit({}, async (page) => {
      await page.goto(`${site.origin}/login`)
      await page.getByLabel('E-mail address').evaluate((input) => input.removeAttribute('maxlength'))
      await signIn(page, { email: 'x'.repeat(300), password: 'wrong' })
      await page.getByText('Use at most 254 characters.').waitFor()
    })
  })

  for (const [from, to] of [
    ['/account?tab=1', '/account?tab=1'],
    ['//evil.example', '/'],
    ['/\\evil.example', '/'],
    ['https://evil.example/', '/'],
    ['/login', '/'],
  ]) {
    test(`the way back from ${from} is ${to}`, async () => {
      await visit({}, async (page) => {
        await page.goto(`${site.origin}/login?callbackUrl=${encodeURIComponent(from)}`)
        await signIn(page, site.user)
        await page.waitForURL(site.origin + to)
        // Whoever is signed in is sent there at once.
        await page.goto(`${site.origin}/login?callbackUrl=${encodeURIComponent(from)}`)
        await at(page, site.origin + to)
      })
    })
  }

  test('/account leads to /login and back', async () => {
    await visit({}, async (page) => {
      await page.goto(`${site.origin}/account?a=1&b=2`)
      await page.waitForURL('**/login?*')
      await signIn(page, site.user)
      await page.waitForURL(`${site.origin}/account?a=1&b=2`)
    })
  })

  test('Auth.js sends whom it asks to sign in, or out, to our pages', async () => {
    await visit({}, async (page) => {
      await page.goto(`${site.origin}/api/auth/signin?callbackUrl=${encodeURIComponent('/account')}`)
      await signIn(page, site.user)
      await page.waitForURL(`${site.origin}/account`)
      await page.goto(`${site.origin}/api/auth/signout`)
      await page.waitForURL('**/logout*')
      await page.locator('main').getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL(`${site.origin}/`)
      assert.equal(await sessionCookie(page), undefined)
    })
  })

  // ASVS 7.2.1, 10.1.1
  test('the token is nowhere in the browser but in a cookie that no script can read', async () => {
    await visit({}, async (page) => {
      const bodies = []
      page.on('response', (answer) => bodies.push(answer.text().catch(() => ''), JSON.stringify(answer.headers())))
      await openSignedIn(page, site.origin, site.user)
      await page.getByRole('link', { name: 'latchkey' }).click()
      await page.waitForURL(`${site.origin}/`)
      await page.goto(site.origin)
      const { access_token: token } = await sessionOf(page)
      bodies.push(await page.evaluate(() => fetch('/api/auth/session').then((answer) => answer.text())))
      bodies.push(await page.evaluate(() => fetch('/account', { headers: { rsc: '1' } }).then((answer) => answer.text())))
      bodies.push(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])))
      const all = (await Promise.all(bodies)).join('\n')
      assert.ok(all.includes(site.user.email), 'nothing was looked at')
      for (const part of [token, ...token.split('.').slice(1)]) assert.ok(!all.includes(part), 'the token is there')

      const cookie = await sessionCookie(page)
      assert.equal(cookie.name, 'authjs.session-token')
      assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.secure], [true, 'Lax', false])
      assert.ok(cookie.name.length + cookie.value.length < 4096)
    })
  })

  test('the session is the browser’s: its address and user agent', async () => {
    await visit({ userAgent: 'Test-Browser/1.0 (of a person)' }, async (page) => {
      await openSignedIn(page, site.origin, site.user)
      const rows = await site.sql("SELECT address FROM latchkey_session WHERE user_agent = 'Test-Browser/1.0 (of a person)'")
      assert.deepEqual(rows, [['127.0.0.1']])
    })
  })

  test('a page asks the API once for the session, and for what it shows', async () => {
    await visit({}, async (page) => {
      await openSignedIn(page, site.origin, site.user)
      // A request of ours, whose line in the log stands behind those of all before it.
      let marks = 0
      const mark = async () => {
        const path = `/api/v1/mark-${++marks}`
        await fetch(site.origin + path)
        await becomes(() => site.output().includes(`"path":"${path}"`), true)
      }
      const asked = async (path, open = () => page.goto(site.origin + path)) => {
        await mark()
        const from = site.output().length
        await open()
        await mark()
        const lines = site.output().slice(from).split('\n')
        return lines.flatMap((line) => line.match(/"path":"(\/api\/v1[^"]*)"/)?.[1] ?? []).filter((path) => !path.includes('/mark-'))
      }
      assert.deepEqual(await asked('/'), ['/api/v1/users/session/'])
      assert.deepEqual(await asked('/account'), ['/api/v1/users/session/', '/api/v1/users/me/'])
      for (const headers of [{ purpose: 'prefetch', 'next-router-prefetch': '1' }, { rsc: '1', 'next-router-prefetch': '1' }, { rsc: '1' }]) {
        const open = (url) => page.evaluate(([url, headers]) => fetch(url, { headers }).then((answer) => answer.url), [url, headers])
        const url = await open('/') // with the hash that Next.js's own router adds
        assert.deepEqual(await asked('/', () => open(url)), ['/api/v1/users/session/'], JSON.stringify(headers))
      }
      assert.deepEqual(await asked('/api/auth/session'), ['/api/v1/users/session/'])
      await page.context().clearCookies()
      assert.deepEqual(await asked('/'), [])
    })
  })

  // ASVS 7.4.2
  test('a user gets another name, and is deactivated: the next request shows it, or signs out and says so', async () => {
    const email = 'leaving@example.com'
    await site.sql(`INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
      SELECT password, is_superuser, 'Lea', 'Ving', is_staff, is_active, date_joined, '${email}' FROM users_user WHERE email = '${site.user.email}'`)
    await visit({}, async (page) => {
      await openSignedIn(page, site.origin, { ...site.user, email }, '/')
      await page.getByRole('heading', { name: 'Lea Ving' }).waitFor()
      await site.sql(`UPDATE users_user SET first_name = 'Leah' WHERE email = '${email}'`)
      await page.goto(site.origin)
      await page.getByRole('heading', { name: 'Leah Ving' }).waitFor()
      await site.sql(`UPDATE users_user SET is_active = false WHERE email = '${email}'`)
      await page.goto(site.origin)
      await alertOf(page).getByText('You have been signed out.').waitFor()
      await at(page, new RegExp(`^${site.origin}/`))
      assert.equal(await sessionCookie(page), undefined)
      await page.goto(site.origin)
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
    })
  })

  test('the API is killed and comes back: pages say so, nobody is signed out, and they recover by themselves', async () => {
    const { page, close } = await openPage(browser, site.origin)
    await openSignedIn(page, site.origin, site.user)
    const { access_token: token } = await sessionOf(page)
    // The frontend proxy is gone with it, so the app is asked directly.
    await page.context().addCookies([{ ...(await sessionCookie(page)), url: site.appOrigin, domain: undefined, path: undefined }])
    await site.kill()
    const answer = await page.goto(`${site.appOrigin}/account`)
    assert.equal(answer.status(), 503)
    await page.getByRole('heading', { name: 'Back in a moment' }).waitFor()
    await site.restart()
    await page.locator('dd').getByText(site.user.email).waitFor()
    assert.equal((await sessionOf(page)).access_token, token)
    await close()
  })

  test('while the API is gone, signing in says so', async () => {
    const { page, close } = await openPage(browser, site.origin)
    await page.goto(`${site.appOrigin}/login`)
    await site.kill()
    await signIn(page, site.user)
    await alertOf(page).getByText('The service cannot be reached right now.').waitFor()
    await holds(page.getByLabel('E-mail address'), site.user.email)
    await site.restart()
    await close()
  })
})
