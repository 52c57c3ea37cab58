// One's own account in the app: names, password, and where one is signed in.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, counts, has, holds, launch, openPage, reads, readsAll, seen } from './browser.mjs'
import { alertOf, openSignedIn, sessionOf, signIn, statusOf } from './person.mjs'
import { startSite } from './server.mjs'

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'
const LINUX = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

const noteOf = (page) => page.locator('main p[role=status]')
const faultOf = (page, name) => page.locator(`#${name}-fault`)

describe('one’s own account', { timeout: 600_000 }, () => {
  let site, browser

  before(async () => {
    site = await startSite({ settings: { LATCHKEY_PASSWORD_MIN_LENGTH: '12' } })
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await site?.stop()
  })

  /** Makes somebody of one's own for a test. */
  async function somebody(first, last) {
    const user = { ...site.user, email: `${first}-${Math.random().toString(36).slice(2)}@example.com`.toLowerCase() }
    await site.sql(`INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
      SELECT password, is_superuser, '${first}', '${last}', is_staff, is_active, date_joined, '${user.email}' FROM users_user WHERE email = '${site.user.email}'`)
    return user
  }

  /** Runs what a person does in a browser of their own; nothing may complain meanwhile. */
  async function visit(options, act) {
    const { page, complaints, close } = await openPage(browser, site.origin, options)
    await act(page)
    assert.deepEqual(complaints, [])
    await close()
  }

  /** Signs in from another device, and answers the token that it has. */
  async function signInElsewhere(user, userAgent) {
    const answer = await fetch(`${site.origin}/api/v1/users/login/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': userAgent },
      body: JSON.stringify({ username: user.email, password: user.password }),
    })
    assert.equal(answer.status, 200)
    return (await answer.json()).access_token
  }

  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with JavaScript' : 'without JavaScript'
    const options = { javaScriptEnabled, userAgent: LINUX }

    test(`${how}: a name is changed, and is there at once and later`, async () => {
      const user = await somebody('Ada', 'Lovelace')
      await visit(options, async (page) => {
        await openSignedIn(page, site.origin, user)
        await holds(page.getByLabel('First name'), 'Ada')
        await page.getByLabel('First name').fill(' Augusta ')
        await page.getByLabel('Last name').fill('King')
        await page.getByRole('button', { name: 'Save changes' }).click()
        await reads(noteOf(page), 'Your name was saved.')
        await reads(page.locator('h1'), 'Augusta King')
        await holds(page.getByLabel('First name'), 'Augusta')
        await page.goto(site.origin)
        await seen(page.getByText('Augusta King'))
      })
      assert.deepEqual(await site.sql(`SELECT first_name, last_name FROM users_user WHERE email = '${user.email}'`), [
        ['Augusta', 'King'],
      ])
    })

    test(`${how}: a name that is refused says so beside its field, and keeps what was typed`, async () => {
      const user = await somebody('Ada', 'Lovelace')
      await visit(options, async (page) => {
        await openSignedIn(page, site.origin, user)
        await page.getByLabel('First name').evaluate((input) => input.removeAttribute('maxlength'))
        await page.getByLabel('First name').fill('x'.repeat(151))
        await page.getByRole('button', { name: 'Save changes' }).click()
        await reads(alertOf(page), 'Nothing was saved. Correct the errors below.')
        await reads(faultOf(page, 'first_name'), 'Use at most 150 characters.')
        await has(page.getByLabel('First name'), 'aria-invalid', 'true')
        await holds(page.getByLabel('First name'), 'x'.repeat(151))
      })
    })

    test(`${how}: the password is changed; one stays signed in here, and nowhere else`, async () => {
      const user = await somebody('Ada', 'Lovelace')
      const elsewhere = await signInElsewhere(user, IPHONE)
      await visit(options, async (page) => {
        await openSignedIn(page, site.origin, user, '/account/password')
        await reads(page.locator('#new_password-help'), /^Use at least 12 characters of any kind/)
        await has(page.getByLabel('New password', { exact: true }), 'aria-describedby', 'new_password-help')
        const change = async (current, replacement, again = replacement) => {
          await page.getByLabel('Current password').fill(current)
          await page.getByLabel('New password', { exact: true }).fill(replacement)
          await page.getByLabel('Confirm new password').fill(again)
          await page.getByRole('button', { name: 'Change password' }).click()
        }
        await change(user.password, 'short')
        await reads(faultOf(page, 'new_password'), 'This password is too short. It must have at least 12 characters.')
        await reads(alertOf(page), 'Nothing was saved. Correct the errors below.')
        await change(user.password, 'ada-lovelace-1')
        await reads(faultOf(page, 'new_password'), 'This password is too similar to the name.')
        await change('not the current one', 'drink-me-wonderland')
        await reads(faultOf(page, 'current_password'), 'Incorrect password.')
        await change(user.password, 'drink-me-wonderland', 'another')
        await reads(faultOf(page, 'again'), 'The passwords do not match.')
        assert.equal(await statusOf(site, elsewhere), 200)

        await change(user.password, 'drink-me-wonderland')
        await reads(noteOf(page), 'Your password was changed. All your other sessions ended.')
        assert.equal(await statusOf(site, elsewhere), 401)
        await page.goto(`${site.origin}/account`)
        await at(page, `${site.origin}/account`)
        await page.getByRole('button', { name: 'Sign out' }).click()
        await at(page, `${site.origin}/`)
        await page.goto(`${site.origin}/login`)
        await signIn(page, user)
        await reads(alertOf(page), 'Incorrect e-mail address or password.')
        await signIn(page, { ...user, password: 'drink-me-wonderland' })
        await at(page, `${site.origin}/`)
      })
    })

    test(`${how}: sessions are shown as devices; one is ended, then all others`, async () => {
      const user = await somebody('Ada', 'Lovelace')
      const phone = await signInElsewhere(user, IPHONE)
      const others = [await signInElsewhere(user, 'curl/8.14.1'), await signInElsewhere(user, LINUX)]
      await visit(options, async (page) => {
        await openSignedIn(page, site.origin, user, '/account/sessions')
        const devices = page.locator('main li')
        await counts(devices, 4)
        await reads(devices.first(), /^Chrome on Linux\s+This device/)
        await counts(devices.first().getByRole('button'), 0)
        const row = devices.filter({ hasText: 'Safari on iPhone' })
        await reads(row, /127\.0\.0\.1|::1/)
        await reads(row, /Signed in just now · last renewed just now/)
        await row.getByRole('button', { name: /^End session of Safari on iPhone, / }).click()
        await reads(noteOf(page), 'The session ended.')
        await counts(devices, 3)
        assert.equal(await statusOf(site, phone), 401)

        await page.getByRole('link', { name: 'End all other sessions' }).click()
        await seen(page.getByText('2 other sessions end immediately.'))
        await page.getByRole('link', { name: 'Cancel' }).click()
        await counts(devices, 3)
        await page.getByRole('link', { name: 'End all other sessions' }).click()
        await page.getByRole('button', { name: 'End all other sessions' }).click()
        await reads(noteOf(page), 'All your other sessions ended.')
        await counts(devices, 1)
        await counts(page.getByRole('link', { name: 'End all other sessions' }), 0)
        for (const token of others) assert.equal(await statusOf(site, token), 401)
        await page.goto(`${site.origin}/account/sessions/end-others`)
        await at(page, `${site.origin}/account/sessions`)
      })
    })
  }

  // ASVS 7.4.1, 7.5.2
  test('a session that was ended from another device is over at the next page', async () => {
    const user = await somebody('Ada', 'Lovelace')
    await visit({ userAgent: IPHONE }, async (page) => {
      await openSignedIn(page, site.origin, user, '/account/sessions')
      const { access_token: token } = await sessionOf(page)
      const elsewhere = await signInElsewhere(user, LINUX)
      const answer = await fetch(`${site.origin}/api/v1/users/logout-all/?keep_current=true`, {
        method: 'POST',
        headers: { authorization: `Bearer ${elsewhere}` },
      })
      assert.equal(answer.status, 204)
      assert.equal(await statusOf(site, token), 401)
      await page.getByRole('link', { name: 'Profile' }).click()
      await at(page, /\/login\?/)
    })
  })

  test('a form of who was signed out meanwhile leads to the sign-in page', async () => {
    const user = await somebody('Ada', 'Lovelace')
    await visit({}, async (page) => {
      await openSignedIn(page, site.origin, user)
      const { access_token: token } = await sessionOf(page)
      await fetch(`${site.origin}/api/v1/users/logout/`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
      await page.getByLabel('First name').fill('Mallory')
      await page.getByRole('button', { name: 'Save changes' }).click()
      await at(page, /\/login\?/)
      await signIn(page, user)
      await at(page, `${site.origin}/account`)
      await holds(page.getByLabel('First name'), 'Ada')
    })
  })

  test('an address with spaces around it is as good as one without', async () => {
    const user = await somebody('Ada', 'Lovelace')
    for (const around of [' ', '\u00a0', '\u3000', '\ufeff']) {
      await visit({}, async (page) => {
        await page.goto(`${site.origin}/login`)
        await signIn(page, { ...user, email: `${around}${user.email}${around}` })
        await at(page, `${site.origin}/`)
      })
    }
  })

  test('the pages can be used from the keyboard, and say which one is open', async () => {
    const user = await somebody('Ada', 'Lovelace')
    await signInElsewhere(user, IPHONE)
    await visit({}, async (page) => {
      await openSignedIn(page, site.origin, user, '/account/sessions')
      await readsAll(page.getByRole('navigation', { name: 'Your account' }).locator('[aria-current=page]'), ['Sessions'])
      await page.reload() // or the focus begins where the sign-in form was
      const stops = []
      for (let i = 0; i < 9; i++) {
        await page.keyboard.press('Tab')
        stops.push(await page.evaluate(() => document.activeElement.textContent.trim()))
      }
      assert.deepEqual(stops.slice(0, 6), ['Skip to content', 'latchkey', 'Account', 'Profile', 'Password', 'Sessions'])
      assert.match(stops[6], /^End session of Safari on iPhone, /)
      assert.deepEqual(stops.slice(7), ['End all other sessions', 'Sign out'])
    })
  })
})
