// node's own "spec" report, and its counts once more on the last line.
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

export default async function* report(events) {
  const counts = []
  async function* listen() {
    for await (const event of events) {
      const count = event.type === 'test:diagnostic' && event.data.nesting === 0
      if (count && /^(tests|pass|fail|cancelled|skipped|todo) \d+$/.test(event.data.message)) counts.push(event.data.message)
      yield event
    }
  }
  yield* Readable.from(listen()).pipe(new spec())
  yield `\n${counts.join(', ')}\n`
}
