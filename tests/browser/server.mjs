// Starts the built binary as an operator would, and the built Next.js app behind
// it, and stops them again.
import { execFile, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const run = promisify(execFile)

/** The built app: make build-app. */
export const app = join(here, '..', '..', 'frontend-client')

// Kernels give the ports above these to outgoing connections and to listeners that
// do not care: one of these stays free while a server that had it is started again.
const FIRST_PORT = 20_000
const LAST_PORT = 32_000

/**
 * A port that was free a moment ago. Somebody may have taken it since: start what
 * wants it by `onFreePort`.
 */
export async function freePort() {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT)
    const probe = createServer()
    const free = await new Promise((resolve) => probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)))
    if (!free) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}

/** Starts something on a free port, and on another one when that was taken meanwhile. */
export async function onFreePort(start) {
  for (let tries = 1; ; tries++) {
    try {
      return await start(await freePort())
    } catch (fault) {
      if (tries === 5 || !/EADDRINUSE|address already in use/.test(fault.message)) throw fault
    }
  }
}

/** How long a server may take until it answers, in milliseconds: for a failure alone. */
const STARTS_WITHIN = 120_000

/** A process that is told to end, and waited for. */
function start(command, args, env) {
  const output = []
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.on('data', (text) => output.push(text))
  child.stderr.on('data', (text) => output.push(text))
  child.on('error', (fault) => output.push(String(fault)))
  const ended = new Promise((resolve) => child.once('close', resolve))
  return {
    /** What it has written so far. */
    output: () => output.join(''),
    async answers(url) {
      for (const end = Date.now() + STARTS_WITHIN; Date.now() < end && child.exitCode === null; await sleep(100)) {
        const answer = await fetch(url, { redirect: 'manual' }).catch(() => null)
        // Whoever else may have the port has not started this process.
        if (answer && answer.status < 500 && child.exitCode === null) return
      }
      if (child.exitCode !== null) await ended // with it the last of what it wrote
      throw new Error(`${url} does not answer; the server wrote:\n${output.join('')}`)
    },
    /** Waits for what comes through a pipe, and so perhaps behind an answer. */
    async writes(text) {
      for (const end = Date.now() + STARTS_WITHIN; !output.join('').includes(text); await sleep(20)) {
        if (Date.now() > end) throw new Error(`${text} is not written; the server wrote:\n${output.join('')}`)
      }
    },
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/**
 * Starts `serve` on a port and a database of its own, and makes one superuser there.
 * LATCHKEY_DATABASE_URL names a PostgreSQL on which to make the database; without it,
 * it is a SQLite file. `settings` are further variables. With `superuser: false`
 * nobody is made, and `output` has the link for the first one.
 */
export function startServer(settings = {}, options = {}) {
  return onFreePort((port) => startServerOn(port, settings, options))
}

async function startServerOn(port, settings, { superuser = true }) {
  const binary = process.env.LATCHKEY_BIN
  if (!binary) throw new Error('set LATCHKEY_BIN to the built binary: go build -o /tmp/latchkey ./server')

  const dataDir = await mkdtemp(join(tmpdir(), 'latchkey-browser-'))
  const address = `127.0.0.1:${port}`
  // Next.js calls 127.0.0.1 localhost wherever it writes its own address.
  const origin = `http://localhost:${port}`
  const shared = process.env.LATCHKEY_DATABASE_URL
  const own = shared ? await emptyDatabase(shared) : null
  const databaseURL = own?.url ?? `sqlite://${join(dataDir, 'latchkey.db')}`
  const env = {
    ...process.env,
    LATCHKEY_ADDR: address,
    LATCHKEY_DATA_DIR: dataDir,
    LATCHKEY_DATABASE_URL: databaseURL,
    LATCHKEY_SECRET_KEY: randomBytes(32).toString('hex'),
    ...settings,
  }
  let server
  const up = async () => {
    server = start(binary, ['serve'], env)
    await server.answers(`${origin}/api/v1/health`)
  }
  const stop = async () => {
    await server.stop()
    await own?.drop()
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await up()
    if (!superuser) await server.writes('/admin/setup/?token=')
    const user = superuser && { email: `browser-${randomBytes(4).toString('hex')}@example.com`, password: randomBytes(12).toString('base64url') }
    if (user) {
      await run(binary, ['createsuperuser', '--noinput'], {
        env: { ...env, LATCHKEY_SUPERUSER_EMAIL: user.email, LATCHKEY_SUPERUSER_PASSWORD: user.password },
      })
    }
    return {
      origin,
      user,
      /** Runs another command on the server's database: how it ends and what it writes. */
      command: (args, more = {}) =>
        run(binary, args, { env: { ...env, ...more } }).then(
          ({ stdout, stderr }) => ({ code: 0, written: stdout + stderr }),
          ({ code, stdout, stderr }) => ({ code, written: stdout + stderr }),
        ),
      /** A SQL statement beside the server, and the rows that it gives. */
      sql: (statement) => sql(databaseURL, statement),
      output: () => server.output(),
      kill: () => server.stop(),
      restart: up,
      stop,
    }
  } catch (fault) {
    await stop()
    throw fault
  }
}

/** Makes a PostgreSQL database beside another one, on the same server. */
async function emptyDatabase(beside) {
  const url = new URL(beside)
  const name = `latchkey_browser_${randomBytes(6).toString('hex')}`
  url.pathname = `/${name}`
  await sql(beside, `CREATE DATABASE ${name} TEMPLATE template0`)
  return { url: url.href, drop: () => sql(beside, `DROP DATABASE ${name} WITH (FORCE)`) }
}

async function sql(databaseURL, statement) {
  const python = process.env.LATCHKEY_TEST_PYTHON || '/usr/bin/python3'
  const { stdout } = await run(python, [join(here, 'sql.py'), databaseURL, statement])
  return JSON.parse(stdout)
}

/**
 * Starts the built Next.js app on a port, which has to be told to it; `env` is what
 * it needs to know. The error says EADDRINUSE when somebody else has the port.
 */
export async function startApp(port, env) {
  const node = start(process.execPath, [join(app, '.next', 'standalone', 'server.js')], {
    PATH: process.env.PATH,
    PORT: String(port),
    HOSTNAME: '127.0.0.1',
    NEXT_TELEMETRY_DISABLED: '1',
    ...env,
  })
  try {
    await node.answers(`http://127.0.0.1:${port}/icon.svg`)
  } catch (fault) {
    await node.stop()
    throw fault
  }
  return node
}

/** What the app's cookies are encrypted with, in every test. */
export const AUTH_SECRET = randomBytes(33).toString('base64')

/**
 * Starts both, as one address. `settings` are latchkey's, `appSettings` the app's;
 * `publicURL` is where browsers reach it, when that is not its own address. With
 * `appFirst` it is the app that they reach, and latchkey hands nothing to it.
 */
export function startSite(options = {}) {
  return onFreePort((port) => startSiteBehind(port, options))
}

async function startSiteBehind(port, { settings = {}, appSettings = {}, appFirst = false, publicURL }) {
  const appOrigin = `http://127.0.0.1:${port}`
  publicURL ??= appFirst ? appOrigin : undefined
  const server = await startServer({
    ...(!appFirst && { LATCHKEY_FRONTEND_URL: appOrigin }),
    LATCHKEY_TRUSTED_PROXIES: '127.0.0.1', // and not 127.0.0.2, where a stranger comes from
    ...(publicURL && { LATCHKEY_PUBLIC_URL: publicURL }),
    ...settings,
  })
  const appEnv = { AUTH_SECRET, AUTH_URL: publicURL ?? server.origin, INTERNAL_API_URL: `${server.origin}/api/v1`, ...appSettings }
  let node
  try {
    node = await startApp(port, appEnv)
  } catch (fault) {
    await server.stop()
    throw fault
  }
  return {
    ...server,
    app: node,
    appOrigin,
    publicURL: publicURL ?? server.origin,
    async stop() {
      await node.stop()
      await server.stop()
    },
  }
}
