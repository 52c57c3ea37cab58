// Starts the built binary as an operator would, and stops it again.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A port that was free a moment ago. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/**
 * The environment of both commands: the caller's own, so that
 * LATCHKEY_DATABASE_URL chooses the database, and what this run needs.
 */
function environment(address, dataDir) {
  const env = { ...process.env, LATCHKEY_ADDR: address, LATCHKEY_DATA_DIR: dataDir }
  if (env.LATCHKEY_DATABASE_URL) {
    // Only SQLite on loopback makes a key for itself.
    env.LATCHKEY_SECRET_KEY ??= randomBytes(32).toString('hex')
  }
  return env
}

async function waitUntilHealthy(origin, child, output) {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) break
    const answer = await fetch(`${origin}/api/v1/health`).catch(() => null)
    if (answer?.ok) return
    await sleep(100)
  }
  throw new Error(`the server does not answer; it wrote:\n${output.join('')}`)
}

/**
 * Starts `serve` on a port of its own and makes one superuser in its database.
 * Answers where it is, who may sign in, and how to stop it.
 */
export async function startServer() {
  const binary = process.env.LATCHKEY_BIN
  if (!binary) throw new Error('set LATCHKEY_BIN to the built binary: go build -o /tmp/latchkey ./server')

  const dataDir = await mkdtemp(join(tmpdir(), 'latchkey-browser-'))
  const address = `127.0.0.1:${await freePort()}`
  const origin = `http://${address}`
  const env = environment(address, dataDir)
  const output = []
  const child = spawn(binary, ['serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (text) => output.push(text))
  child.stderr.on('data', (text) => output.push(text))
  child.on('error', (fault) => output.push(String(fault)))
  const ended = new Promise((resolve) => child.once('close', resolve))

  async function stop() {
    child.kill('SIGTERM')
    await ended
    await rm(dataDir, { recursive: true, force: true })
  }

  try {
    await waitUntilHealthy(origin, child, output)
    const user = { email: `browser-${randomBytes(4).toString('hex')}@example.com`, password: randomBytes(12).toString('base64url') }
    await promisify(execFile)(binary, ['createsuperuser', '--noinput'], {
      env: { ...env, LATCHKEY_SUPERUSER_EMAIL: user.email, LATCHKEY_SUPERUSER_PASSWORD: user.password },
    })
    return { origin, user, stop }
  } catch (fault) {
    await stop()
    throw fault
  }
}
