// What becomes of a session over time, with lifetimes of a few seconds. Nothing
// here waits for a time to pass: it waits for what then happens.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { at, launch, openPage } from './browser.mjs'
import { alertOf, openSignedIn, sessionCookie, sessionOf, statusOf } from './person.mjs'
import { startSite } from './server.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/** Runs a test on a site with these settings, as somebody who has signed in. */
function onSite(name, settings, act) {
  test(name, { timeout: 300_000 }, async () => {
    const site = await startSite({ settings })
    try {
      const { page, complaints, close } = await openPage(browser, site.origin)
      await openSignedIn(page, site.origin, site.user, '/')
      await act(site, page)
      assert.deepEqual(complaints, [])
      await close()
    } finally {
      await site.stop()
    }
  })
}

describe('a session over time', () => {
  onSite(
    'who is active stays signed in past the first token’s end',
    // A page may take all but a second of it on a slow machine.
    { LATCHKEY_ACCESS_TOKEN_LIFETIME: '15s', LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE: '14s' },
    async (site, page) => {
      const { access_token: first } = await sessionOf(page)
      while ((await statusOf(site, first)) === 200) {
        await page.goto(`${site.origin}/account`)
        await at(page, `${site.origin}/account`, 'signed out while active')
        await pause(200)
      }
      await page.goto(`${site.origin}/account`)
      await at(page, `${site.origin}/account`, 'signed out at the first token’s end')
      const { access_token: last } = await sessionOf(page)
      assert.notEqual(last, first)
      assert.equal(await statusOf(site, last), 200)
    },
  )

  onSite(
    'three tabs with twenty requests each at the moment of renewal: nobody is signed out',
    // Every request is one at which a renewal is due. The last of sixty waits for the
    // others, and on a slow machine for longer than a few seconds.
    { LATCHKEY_ACCESS_TOKEN_LIFETIME: '60s', LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE: '60s' },
    async (site, page) => {
      const tabs = [page, await page.context().newPage(), await page.context().newPage()]
      for (const tab of tabs) await tab.goto(site.origin)
      const tokens = new Set()
      while (tokens.size < 4) {
        const rounds = tabs.map((tab) =>
          tab.evaluate(async () => {
            const asked = Array.from({ length: 20 }, () => fetch('/account'))
            return (await Promise.all(asked)).map((answer) => `${answer.status} ${new URL(answer.url).pathname}`)
          }),
        )
        for (const answers of await Promise.all(rounds)) assert.deepEqual(answers, Array(20).fill('200 /account'))
        tokens.add((await sessionOf(page)).access_token)
      }
      for (const tab of tabs) {
        await tab.reload()
        await tab.getByText('Signed in as').waitFor()
      }
    },
  )

  onSite(
    'who is idle for longer than a token lives is signed out, and told so',
    { LATCHKEY_ACCESS_TOKEN_LIFETIME: '8s' },
    async (site, page) => {
      const { access_token: token } = await sessionOf(page)
      while ((await statusOf(site, token)) === 200) await pause(100)
      await page.goto(`${site.origin}/account`)
      await alertOf(page).getByText('You have been signed out. Sign in again to go on.').waitFor()
      assert.equal(await sessionCookie(page), undefined)
      await at(page, /[?&]callbackUrl=%2Faccount(&|$)/)
    },
  )

  onSite(
    'the absolute limit holds, however active one is',
    { LATCHKEY_ACCESS_TOKEN_LIFETIME: '10s', LATCHKEY_ACCESS_TOKEN_RENEW_BEFORE: '9s', LATCHKEY_SESSION_LIFETIME: '25s' },
    async (site, page) => {
      const tokens = new Set()
      while (await sessionCookie(page)) {
        tokens.add((await sessionOf(page)).access_token)
        await page.goto(site.origin)
        await pause(200)
      }
      await alertOf(page).getByText('You have been signed out.').waitFor()
      assert.ok(tokens.size > 2, `it ended with the ${tokens.size}. token`)
      for (const token of tokens) assert.equal(await statusOf(site, token), 401)
    },
  )
})
