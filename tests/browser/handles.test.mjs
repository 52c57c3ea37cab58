// A process with few file handles, and somebody who wants them all.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { becomes } from './browser.mjs'
import { startServer } from './server.mjs'

const HANDLES = 1024
const UPGRADES = 700

const UPGRADE = 'GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

describe(`a process with ${HANDLES} file handles, and ${UPGRADES} upgrades to what answers none`, { timeout: 600_000 }, () => {
  let dir, app, server, port

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'latchkey-handles-'))
    const wrapper = join(dir, 'latchkey')
    await writeFile(wrapper, `#!/bin/bash\nulimit -n ${HANDLES}\nexec '${process.env.LATCHKEY_BIN}' "$@"\n`)
    await chmod(wrapper, 0o700)
    process.env.LATCHKEY_BIN = wrapper
    // Next.js keeps such a connection and says nothing; so does this.
    app = createServer((socket) => socket.on('error', () => {}).resume())
    app.listen(0, '127.0.0.1')
    await once(app, 'listening')
    server = await startServer({ LATCHKEY_FRONTEND_URL: `http://127.0.0.1:${app.address().port}` })
    port = Number(new URL(server.origin).port)
  })
  after(async () => {
    await server?.stop()
    app?.close()
    await rm(dir, { recursive: true, force: true })
  })

  /** Asks from another address; gives the status. */
  const ask = (path, { method = 'GET', headers, body } = {}) =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, headers, localAddress: '127.0.0.2', agent: false }, (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer.statusCode))
      })
      asked.once('error', reject)
      asked.end(body)
    })
  const login = () =>
    ask('/api/v1/users/login/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: server.user.email, password: server.user.password }),
    })

  // 127.0.0.1 is a trusted proxy that does not say for whom it asks; 127.0.0.3 is anybody.
  for (const from of ['127.0.0.3', '127.0.0.1']) {
    test(`from ${from}: the owner gets in meanwhile, and all of them end`, async () => {
      const ends = []
      for (let n = 0; n < UPGRADES; n++) {
        const socket = connect({ port, host: '127.0.0.1', localAddress: from })
        socket.on('error', () => {}) // refused and reset, perhaps
        socket.on('connect', () => socket.write(UPGRADE))
        let text = ''
        socket.on('data', (part) => (text += part))
        ends.push(once(socket, 'close').then(() => Number(text.slice(9, 12))))
        socket.on('end', () => socket.end())
        // An answer is the end of it: what is kept alive is not what this is about.
        socket.on('data', () => /\r\n\r\n/.test(text) && socket.end())
      }
      for (let n = 0; n < 10; n++) {
        assert.equal(await ask('/api/v1/health'), 200)
        assert.equal(await login(), 200)
      }
      const counts = (await Promise.all(ends)).reduce((all, status) => ({ ...all, [status]: (all[status] ?? 0) + 1 }), {})
      assert.deepEqual(Object.keys(counts).filter((status) => !['0', '429', '503', '504'].includes(status)), [], JSON.stringify(counts))
      assert.ok(counts[504] > 0, JSON.stringify(counts)) // they were waited for, and given up
      assert.equal(await login(), 200)
      assert.ok(!server.output().includes('too many open files'), server.output())
      // Refused ones do not fill the log: one line in a minute.
      await becomes(async () => server.output().split('connections are refused').length <= 3, true)
    })
  }
})
