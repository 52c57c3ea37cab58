// A browser whose every complaint counts, and the questions we ask of a page.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Starts Chromium with everything off that would call home. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
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
