// A browser whose every complaint counts, and the questions we ask of a page.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** How long a page may take to become what a test expects, in milliseconds: for a failure alone. */
const PATIENCE = 60_000

/** Starts Chromium with everything off that would call home, and with further arguments. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  })
}

/**
 * Opens a page that notes down what must not happen: errors and warnings on
 * the console, uncaught exceptions, violations of the policy, and requests to
 * any other host. `complaints` is that list. Without `judged`,
 * accessibilityFaults cannot be asked for: reading axe costs each page a moment.
 */
export async function openPage(browser, origin, { judged = true, ...options } = {}) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(PATIENCE)
  // Init scripts are the debugger's, and so not subject to the page's policy.
  if (judged) await context.addInitScript(axe)
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy violated: ${event.violatedDirective} by ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`)
    })
  })
  const page = await context.newPage()
  const complaints = []
  page.on('console', (message) => {
    // Chromium asks for this by itself when it has not read yet which icon a page names.
    if (message.location().url === `${new URL(origin).origin}/favicon.ico`) return
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(`console ${message.type()}: ${message.text()} (${message.location().url})`)
    }
  })
  page.on('pageerror', (fault) => complaints.push(`uncaught: ${fault.message}`))
  const watchHost = (url) => {
    const { protocol, host } = new URL(url)
    const inside = protocol === 'data:' || protocol === 'blob:' || host === new URL(origin).host
    if (!inside) complaints.push(`request to another host: ${url}`)
  }
  context.on('request', (request) => watchHost(request.url()))
  page.on('websocket', (socket) => watchHost(socket.url()))
  return { page, complaints, close: () => context.close() }
}

/**
 * Reads from a page until what it says is as expected, since a page becomes what an
 * action makes of it only later; what was read last is the failure.
 */
async function until(read, check) {
  for (const end = Date.now() + PATIENCE; ; await pause(50)) {
    try {
      return check(await read())
    } catch (fault) {
      // A page that goes away while it is read is asked again, as is one that says something else.
      if (Date.now() > end) throw fault
    }
  }
}

const same = (expected, name) => (actual) =>
  expected instanceof RegExp ? assert.match(actual, expected, name) : assert.deepEqual(actual, expected, name)

/** What `read` returns becomes this, or like this. */
export const becomes = (read, expected, name) => until(read, same(expected, name))

/** Something can be seen. */
export const seen = (locator) => locator.waitFor()

/** The page's address is this, or like this. */
export const at = (page, url, name) => until(async () => page.url(), same(url, name))

/** A text is this, or like this. */
export const reads = (locator, text) => until(() => locator.innerText({ timeout: 5_000 }), same(text))

/** The texts of all that a locator finds are these. */
export const readsAll = (locator, texts) => until(() => locator.allInnerTexts(), same(texts))

/** A field holds this. */
export const holds = (locator, value) => until(() => locator.inputValue({ timeout: 5_000 }), same(value))

/** A locator finds so many. */
export const counts = (locator, number) => until(() => locator.count(), same(number))

/** A box is ticked, or is not. */
export const ticked = (locator, on = true) => until(() => locator.isChecked({ timeout: 5_000 }), same(on))

/** A field cannot be changed. */
export const disabled = (locator) => until(() => locator.isDisabled({ timeout: 5_000 }), same(true))

/** An element has an attribute of this value. */
export const has = (locator, name, value) => until(() => locator.getAttribute(name, { timeout: 5_000 }), same(value))

/** By how many pixels the page is wider than the window. */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/**
 * What axe finds, one line each. The whole page is examined, so that headings
 * and landmarks are judged together; what lies within `notOurs` is left out.
 */
export async function accessibilityFaults(page, notOurs = []) {
  return page.evaluate(async (notOurs) => {
    // preload would fetch the stylesheets again, which the policy forbids.
    const { violations } = await globalThis.axe.run({ preload: false })
    const ours = ({ target: [selector] }) => !notOurs.some((theirs) => document.querySelector(selector)?.closest(theirs))
    return violations.flatMap(({ id, help, nodes }) => nodes.filter(ours).map(({ target }) => `${id}: ${help}: ${target}`))
  }, notOurs)
}
