// Runs the parts of make test one after the other, all of them whatever becomes of
// each, and says on one screen what ran, where, for how long, and what failed:
//
//   RESULTS=bin/test-results node tests/screen/screen.mjs lint test-go …
//
// Every part is a target of the Makefile, and leaves its counts in RESULTS.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.env.RESULTS
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

function read(name) {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
  } catch {
    return null // the part ended before
  }
}

/** What Vitest writes, in the form of the others. */
function vitest(report) {
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
  return {
    tests: report.numTotalTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    names: [
      ...tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
      ...report.testResults.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).map(({ name }) => name),
    ],
  }
}

const inPackages = (go) => `${go.packages} packages; SQLite, ${go.postgres ?? 'no PostgreSQL'}; race detector`

/** What each part counts: name of the file, title, where it ran. */
const counted = {
  'test-go': [['go', 'Go', inPackages]],
  'test-app': [['app', 'Next.js app', () => 'unit tests']],
  'test-browser': [
    ['browser-sqlite', 'browser', () => 'SQLite'],
    ['browser-postgres', 'browser', ({ postgres }) => postgres ?? 'PostgreSQL'],
  ],
}

const duration = (seconds) => (seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds) % 60} s`)
const row = (title, state, took, what) => `  ${title.padEnd(14)}${state.padEnd(28)}${took.padStart(12)}   ${what}\n`

function run(target) {
  return new Promise((resolve) => {
    const child = spawn(process.env.MAKE ?? 'make', ['--no-print-directory', target], { stdio: 'inherit' })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}

const began = Date.now()
let screen = ''
let red = ''
for (const part of process.argv.slice(2)) {
  process.stdout.write(`\n== ${part}\n`)
  const start = Date.now()
  const ok = await run(part)
  const took = duration((Date.now() - start) / 1000)
  const all = counted[part] ?? []
  let named = 0
  let whole = true
  for (const [i, [file, title, where]] of all.entries()) {
    let found = read(file)
    if (found?.testResults) found = vitest(found)
    whole &&= Boolean(found)
    const state = found ? `${found.tests} tests${found.failed ? `, ${found.failed} FAILED` : ''}${found.skipped ? `, ${found.skipped} skipped` : ''}` : 'DID NOT END'
    const own = found?.seconds ? duration(found.seconds) : i === 0 ? took : ''
    screen += row(title, state, own, found ? where(found) : '')
    for (const name of found?.names ?? []) {
      named++
      red += `  ${all.length > 1 ? `${title}, ${where(found)}` : title}: ${name}\n`
    }
  }
  if (all.length === 0) screen += row(part, ok ? 'passed' : 'FAILED', took, '')
  if ((!ok && named === 0) || !whole) red += `  make ${part}: see its output above\n`
}
process.stdout.write(`\n${'='.repeat(78)}\n${red ? 'FAILED' : 'All passed'} in ${duration((Date.now() - began) / 1000)}\n\n${screen}`)
if (red) process.stdout.write(`\nWhat failed:\n${red}`)
process.exitCode = red ? 1 : 0
