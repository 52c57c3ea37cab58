// What make run starts, and what it refuses to.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { app, freePort, onFreePort } from './server.mjs'

describe('make run', { timeout: 600_000 }, () => {
  let dataDir
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'latchkey-run-'))
  })
  after(() => rm(dataDir, { recursive: true, force: true }))

  /** Runs a program of the app's, and gives what it writes and how it ends. */
  function run(script, env) {
    const child = spawn(process.execPath, [join(app, script)], { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } })
    let written = ''
    child.stdout.on('data', (text) => (written += text))
    child.stderr.on('data', (text) => (written += text))
    const ended = once(child, 'close').then(([code]) => code)
    return { child, ended, written: () => written }
  }

  test('starts both as one address, says where, keeps one secret, and ends both', () => onFreePort(startsBoth))

  async function startsBoth(port) {
    const env = { LATCHKEY_ADDR: `127.0.0.1:${port}`, LATCHKEY_DATA_DIR: dataDir }
    const secrets = []
    for (let start = 0; start < 2; start++) {
      const { child, ended, written } = run('run.mjs', env)
      while (!written().includes('createsuperuser')) {
        const over = await Promise.race([once(child.stdout, 'data').then(() => false), ended.then(() => true)])
        if (over) throw new Error(`it ended; it wrote:\n${written()}`)
      }
      for (const line of [`http://localhost:${port}/`, `http://localhost:${port}/docs`, 'bin/latchkey createsuperuser']) {
        assert.ok(written().includes(line), `does not say ${line}:\n${written()}`)
      }
      const home = await fetch(`http://localhost:${port}/`)
      assert.match(await home.text(), /Good to see you/)
      assert.equal((await fetch(`http://localhost:${port}/api/v1/health`)).status, 200)
      assert.equal((await stat(join(dataDir, 'auth_secret'))).mode & 0o777, 0o600)
      secrets.push(await readFile(join(dataDir, 'auth_secret'), 'utf8'))
      assert.ok(!written().includes(secrets[0]), 'the secret is shown')
      child.kill('SIGTERM')
      assert.equal(await ended, 0)
      await assert.rejects(fetch(`http://localhost:${port}/`))
    }
    assert.ok(secrets[0].length >= 32)
    assert.equal(secrets[0], secrets[1])
  }

  test('ends when latchkey cannot start, and says why', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { ended, written } = run('run.mjs', { LATCHKEY_ADDR: `127.0.0.1:${taken.address().port}`, LATCHKEY_DATA_DIR: dataDir })
    assert.equal(await ended, 1)
    assert.match(written(), /latchkey: listening: .*address already in use/)
    taken.close()
  })

  for (const [name, secret] of [
    ['without AUTH_SECRET', undefined],
    ['with a short one', 'secret'],
  ]) {
    test(`in production the app does not start ${name}, and says so in a line`, async () => {
      const env = { PORT: String(await freePort()), HOSTNAME: '127.0.0.1', ...(secret && { AUTH_SECRET: secret }) }
      const { ended, written } = run('.next/standalone/server.js', env)
      assert.equal(await ended, 1)
      const complaints = written().split('\n').filter((line) => line.includes('AUTH_SECRET'))
      assert.equal(complaints.length, 1)
      assert.match(complaints[0], /^AUTH_SECRET is .*: make one with `openssl rand -base64 33`$/)
      assert.doesNotMatch(written(), / {4}at /)
    })
  }
})
