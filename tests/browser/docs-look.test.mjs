// How latchkey's own pages look, in both themes and at two widths: in order,
// accessible, and photographed for whoever wants to judge.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { accessibilityFaults, launch, openPage, overflow } from './browser.mjs'
import { startServer } from './server.mjs'

const pages = [
  { name: 'landing', path: '/', ready: 'h1' },
  { name: 'docs', path: '/docs', ready: '.opblock', notOurs: ['.swagger-ui'] },
  { name: 'not-found', path: '/nope', ready: 'h1', status: 404 },
]
const widths = [1280, 390]
const schemes = ['light', 'dark']

describe('how latchkey’s own pages look', { timeout: 600_000 }, () => {
  let server, browser, screenshots

  before(async () => {
    screenshots = process.env.SCREENSHOTS ?? (await mkdtemp(join(tmpdir(), 'latchkey-screenshots-')))
    await mkdir(screenshots, { recursive: true })
    server = await startServer()
    browser = await launch()
  })

  after(async () => {
    await browser?.close()
    await server?.stop()
    console.log(`screenshots: ${screenshots}`)
  })

  for (const { name, path, ready, status = 200, notOurs } of pages) {
    for (const width of widths) {
      for (const colorScheme of schemes) {
        test(`${path} at ${width} px, ${colorScheme}, is in order`, async () => {
          const options = { colorScheme, viewport: { width, height: 844 }, isMobile: width < 600, hasTouch: width < 600 }
          const { page, complaints, close } = await openPage(browser, server.origin, options)
          const answer = await page.goto(server.origin + path, { waitUntil: 'networkidle' })
          await page.locator(ready).first().waitFor()
          await page.screenshot({ path: join(screenshots, `${name}-${width}-${colorScheme}.png`), fullPage: true })

          assert.equal(answer.status(), status)
          assert.equal(await overflow(page), 0, 'it scrolls sideways, by pixels')
          assert.deepEqual(await accessibilityFaults(page, notOurs), [])
          assert.deepEqual(complaints.filter((line) => !reportsOwnStatus(line, status, answer.url())), [])
          await close()
        })
      }
    }
  }
})
/** Chromium writes an error of its own when the page itself is a 404. */
function reportsOwnStatus(line, status, url) {
  return status !== 200 && line.includes(`status of ${status}`) && line.endsWith(`(${url})`)
}
