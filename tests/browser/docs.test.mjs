// The pages in a real browser, served by the real binary.
//
//   go build -o /tmp/latchkey ./server
//   cd tests/browser && npm ci && LATCHKEY_BIN=/tmp/latchkey npm test
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { becomes, launch, openPage } from './browser.mjs'
import { startServer } from './server.mjs'

describe('the pages in a browser', { timeout: 600_000 }, () => {
  let server, browser

  before(async () => {
    server = await startServer()
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await server?.stop()
  })

  test('the documentation signs in, authorizes, and shows who one is', async () => {
    const { page, complaints, close } = await openPage(browser, server.origin)
    await page.goto(`${server.origin}/docs`)

    const login = await execute(page, 'operations-users-login', {
      username: server.user.email,
      password: server.user.password,
    })
    assert.equal(login.status, '200')
    assert.equal(login.body.token_type, 'Bearer')

    await authorize(page, login.body.access_token)
    const me = await execute(page, 'operations-users-getCurrentUser')
    assert.equal(me.status, '200')
    assert.equal(me.body.email, server.user.email)

    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))
    assert.ok(!kept.includes(login.body.access_token), 'the token is kept in the browser')
    assert.deepEqual(complaints, [])
    await close()
  })

  test('reloading the documentation forgets the token', async () => {
    const { page, complaints, close } = await openPage(browser, server.origin)
    await page.goto(`${server.origin}/docs`)
    await authorize(page, 'anything')
    await page.locator('.auth-wrapper .authorize.locked').waitFor()
    await page.reload()
    await page.locator('.auth-wrapper .authorize.unlocked').waitFor()
    assert.deepEqual(complaints, [])
    await close()
  })

  test('a link to an operation opens it', async () => {
    const { page, complaints, close } = await openPage(browser, server.origin)
    await page.goto(`${server.origin}/docs#/users/logout`)
    await page.locator('#operations-users-logout.is-open').waitFor()
    assert.deepEqual(complaints, [])
    await close()
  })

  test('both notations of the contract name the same operations', async () => {
    const yaml = await (await fetch(`${server.origin}/openapi.yaml`)).text()
    const json = await (await fetch(`${server.origin}/openapi.json`)).json()
    const inYaml = [...yaml.matchAll(/^ +operationId: (\S+)$/gm)].map(([, id]) => id)
    const inJson = Object.values(json.paths).flatMap((path) => Object.values(path).map((operation) => operation.operationId))
    assert.deepEqual(inJson.sort(), inYaml.sort())
  })

  test('the pages can be used from the keyboard', async () => {
    const { page, complaints, close } = await openPage(browser, server.origin)
    await page.goto(server.origin)
    await page.keyboard.press('Tab')
    const skip = page.locator('.skip')
    await becomes(() => skip.evaluate((link) => link === document.activeElement), true, 'the first stop is not the skip link')
    await becomes(async () => (await skip.boundingBox()).y >= 0, true, 'the skip link stays hidden')
    await page.keyboard.press('Tab')
    await becomes(() => page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'solid', 'the focus cannot be seen')
    assert.deepEqual(complaints, [])
    await close()
  })
})

/** Opens an operation of Swagger UI, sends it, and answers what came back. */
async function execute(page, id, body) {
  const operation = page.locator(`#${id}`)
  await operation.locator('.opblock-summary-control').click()
  if (body) await operation.locator('textarea.body-param__text').fill(JSON.stringify(body))
  await operation.locator('button.execute').click()
  const answer = operation.locator('.live-responses-table tr.response')
  const status = await answer.locator('.response-col_status').innerText()
  const text = await answer.locator('.highlight-code code').first().textContent()
  return { status: status.trim(), body: JSON.parse(text) }
}

/** Gives Swagger UI's dialog the token. */
async function authorize(page, token) {
  await page.locator('.auth-wrapper button.authorize').click()
  const dialog = page.locator('.dialog-ux')
  const user = dialog.locator('form').filter({ hasText: 'bearerAuth' }) // the other is for services
  await user.locator('input').fill(token)
  await user.locator('button.authorize').click()
  await user.locator('button.btn-done').click()
  await dialog.waitFor({ state: 'detached' })
}
