// How the app's pages look, in both themes and at two widths: in order, accessible,
// and photographed for whoever wants to judge.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { accessibilityFaults, has, launch, openPage, overflow } from './browser.mjs'
import { alertOf, openSignedIn, seal, signIn } from './person.mjs'
import { freePort, startServer, startSite } from './server.mjs'

const widths = [1280, 390]
const schemes = ['light', 'dark']

describe('the app’s pages', { timeout: 600_000 }, () => {
  let site, lonely, browser, screenshots, user

  before(async () => {
    screenshots = process.env.SCREENSHOTS ?? (await mkdtemp(join(tmpdir(), 'latchkey-screenshots-')))
    await mkdir(screenshots, { recursive: true })
    site = await startSite()
    lonely = await startServer({ LATCHKEY_FRONTEND_URL: `http://127.0.0.1:${await freePort()}` })
    browser = await launch()
    user = { ...site.user, email: 'ada@example.com' }
    await site.sql(`INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
      SELECT password, is_superuser, 'Ada', 'Lovelace', is_staff, is_active, date_joined, '${user.email}' FROM users_user WHERE email = '${site.user.email}'`)
  })
  after(async () => {
    await browser?.close()
    await lonely?.stop()
    await site?.stop()
    console.log(`screenshots: ${screenshots}`)
  })

  const pages = {
    'home-signed-out': (page) => page.goto(site.origin),
    'home-signed-in': (page) => openSignedIn(page, site.origin, user, '/'),
    login: (page) => page.goto(`${site.origin}/login?callbackUrl=/account`),
    'login-again': (page) => page.goto(`${site.origin}/login?reason=session_ended`),
    'login-wrong': async (page) => {
      await page.goto(`${site.origin}/login`)
      await signIn(page, { email: `${Math.random()}@example.com`, password: 'wrong' })
      await alertOf(page).waitFor()
    },
    account: (page) => openSignedIn(page, site.origin, user),
    'account-password': (page) => openSignedIn(page, site.origin, user, '/account/password'),
    'account-password-wrong': async (page) => {
      await openSignedIn(page, site.origin, user, '/account/password')
      await page.getByLabel('Current password').fill(user.password)
      await page.getByLabel('New password', { exact: true }).fill('lovelace')
      await page.getByLabel('Confirm new password').fill('lovelace')
      await page.getByRole('button', { name: 'Change password' }).click()
      await alertOf(page).waitFor()
    },
    'account-sessions': (page) => openSignedIn(page, site.origin, user, '/account/sessions'),
    'account-end-others': async (page) => {
      const body = JSON.stringify({ username: user.email, password: user.password })
      await fetch(`${site.origin}/api/v1/users/login/`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      await openSignedIn(page, site.origin, user, '/account/sessions/end-others')
    },
    logout: async (page) => {
      await openSignedIn(page, site.origin, user)
      await page.goto(`${site.origin}/logout`)
    },
    'not-found': { status: 404, open: (page) => page.goto(`${site.origin}/nope`) },
    forbidden: {
      status: 403,
      async open(page) {
        // Another site, which is not asked: its page is made up here.
        const elsewhere = 'http://127.0.0.1:9/elsewhere'
        const form = `<form method="post" action="${site.origin}/login"><button>Go</button></form>`
        await page.route(elsewhere, (route) => route.fulfill({ contentType: 'text/html', body: form }))
        await page.goto(elsewhere)
        const [answer] = await Promise.all([
          page.waitForResponse(`${site.origin}/login`),
          page.waitForURL(`${site.origin}/login`), // the answer may be there before the page is
          page.getByRole('button').click(),
        ])
        return answer
      },
    },
    'proxy-without-app': { status: 502, open: (page) => page.goto(lonely.origin) },
    unavailable: {
      status: 503,
      async open(page) {
        await page.context().addCookies([{ name: 'authjs.session-token', value: await seal({ access_token: 'x', token_type: 'Bearer', user: { id: 1, email: user.email } }), url: site.appOrigin }])
        await site.kill()
        return page.goto(site.appOrigin)
      },
      after: () => site.restart(),
    },
  }

  for (const [name, how] of Object.entries(pages)) {
    const { open = how, status = 200, after = () => {} } = how
    test(name, async () => {
      for (const width of widths) {
        for (const colorScheme of schemes) {
          const options = { colorScheme, viewport: { width, height: 844 }, isMobile: width < 600, hasTouch: width < 600 }
          const origin = name === 'proxy-without-app' ? lonely.origin : name === 'unavailable' ? site.appOrigin : site.origin
          const { page, complaints, close } = await openPage(browser, origin, options)
          const answer = await open(page)
          if (status !== 200) assert.equal(answer.status(), status)
          await page.screenshot({ path: join(screenshots, `app-${name}-${width}-${colorScheme}.png`) })
          const where = `${width} px, ${colorScheme}`
          assert.equal(await overflow(page), 0, `${where}: it scrolls sideways, by pixels`)
          assert.deepEqual(await accessibilityFaults(page), [], where)
          // Chromium writes an error of its own for each of our failures.
          const expected = (line) => line.includes(`status of ${status}`) || line.includes('127.0.0.1:9/elsewhere')
          assert.deepEqual(complaints.filter((line) => !expected(line)), [], where)
          await close()
          await after()
        }
      }
    })
  }

  // ASVS 6.2.7
  test('the form can be used from the keyboard, and says what it is', async () => {
    const { page, complaints, close } = await openPage(browser, site.origin)
    await page.goto(`${site.origin}/login`)
    const stops = []
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('Tab')
      stops.push(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim()))
    }
    assert.deepEqual(stops, ['Skip to content', 'latchkey', 'username', 'password', 'Sign in'])
    await has(page.getByLabel('E-mail address'), 'autocomplete', 'username')
    await has(page.getByLabel('Password'), 'autocomplete', 'current-password')
    await page.getByLabel('E-mail address').fill(user.email)
    await page.getByLabel('Password').fill(user.password)
    await page.keyboard.press('Enter')
    await page.getByText('Signed in as').waitFor()
    assert.deepEqual(complaints, [])
    await close()
  })

  test('a link says so while its page loads, and a button while its form is on its way', async () => {
    const { page, close } = await openPage(browser, site.origin)
    await openSignedIn(page, site.origin, user, '/')
    let release
    const held = new Promise((resolve) => (release = resolve))
    await page.route('**/account?_rsc=*', async (route) => held.then(() => route.continue()))
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByRole('status').getByText('Loading').waitFor()
    release()
    await page.waitForURL('**/account')
    let send
    const kept = new Promise((resolve) => (send = resolve))
    await page.route('**/account', async (route) => kept.then(() => route.continue()))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Signing out …' }).waitFor()
    send()
    await page.waitForURL(`${site.origin}/`)
    await close()
  })
})
