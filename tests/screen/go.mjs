// Reads what `go test -json` writes: prints go's own line for each package, and
// what failed tests said; writes the counts where LATCHKEY_TEST_RESULTS says.
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const said = new Map() // package, or package and test → what it wrote
const running = new Set()
const result = { packages: 0, tests: 0, failed: 0, skipped: 0, names: [] }

const write = (text) => process.stdout.write(text)
const short = (name) => name.split('/').slice(3).join('/') || name

function fail(key) {
  const [name, test] = key.split('\n')
  result.failed++
  result.names.push(`${short(name)}: ${test}`)
  write(said.get(key) ?? '')
}

function packageEnds(event) {
  if (event.Action !== 'skip') result.packages++
  // A panic or a time-out leaves tests without an end.
  for (const key of running) {
    if (!key.startsWith(`${event.Package}\n`)) continue
    running.delete(key)
    if (event.Action === 'fail') fail(key)
  }
  const lines = (said.get(event.Package) ?? '').split(/(?<=\n)/)
  write(lines.filter((line) => line !== 'PASS\n').join(''))
  if (event.Action === 'fail' && !result.names.some((name) => name.startsWith(`${short(event.Package)}: `))) {
    result.failed++
    result.names.push(short(event.Package))
  }
  said.delete(event.Package)
}

for await (const line of createInterface({ input: process.stdin })) {
  let event
  try {
    event = JSON.parse(line)
  } catch {
    write(`${line}\n`)
    continue
  }
  const key = event.Test ? `${event.Package}\n${event.Test}` : event.Package
  switch (event.Action) {
    case 'build-output':
      write(event.Output)
      break
    case 'output': {
      result.postgres ??= event.Output.match(/^pgtest: (PostgreSQL .*)/)?.[1]
      said.set(key, (said.get(key) ?? '') + event.Output)
      break
    }
    case 'run':
      running.add(key)
      break
    case 'pass':
    case 'fail':
    case 'skip':
      if (!event.Test) {
        packageEnds(event)
        break
      }
      running.delete(key)
      result.tests++
      if (event.Action === 'skip') result.skipped++
      if (event.Action === 'fail') fail(key)
      said.delete(key)
  }
}
write(`${result.tests} tests, ${result.failed} failed, ${result.skipped} skipped\n`)
if (process.env.LATCHKEY_TEST_RESULTS) writeFileSync(process.env.LATCHKEY_TEST_RESULTS, JSON.stringify(result))
