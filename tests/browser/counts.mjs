// node's own "spec" report, and its counts once more on the last line. Where
// LATCHKEY_TEST_RESULTS names a file, they are written there too, for the screen at
// the end of make test.
import { writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

export default async function* report(events) {
  const counts = {}
  const failed = []
  async function* listen() {
    for await (const event of events) {
      const count = event.type === 'test:diagnostic' && event.data.nesting === 0
      const [, name, number] = (count && event.data.message.match(/^(tests|pass|fail|cancelled|skipped|todo) (\d+)$/)) || []
      if (name) counts[name] = Number(number)
      // A suite fails with its tests, which say more.
      if (event.type === 'test:fail' && event.data.details.error?.failureType !== 'subtestsFailed') failed.push(event.data.name)
      yield event
    }
  }
  yield* Readable.from(listen()).pipe(new spec())
  const file = process.env.LATCHKEY_TEST_RESULTS
  if (file) writeFileSync(file, JSON.stringify({ tests: counts.tests, failed: counts.fail + counts.cancelled, skipped: counts.skipped + counts.todo, names: failed, seconds: process.uptime(), postgres: process.env.LATCHKEY_TEST_SERVER }))
  yield `\n${Object.entries(counts).map(([name, number]) => `${name} ${number}`).join(', ')}\n`
}
