// Starts latchkey and this app behind it, as one address, and ends both together.
//
//   node run.mjs          what is built (make run)
//   node run.mjs --dev    both anew whenever a file changes (make dev)
//
// Settings are latchkey's own LATCHKEY_… variables; those that both must agree on
// are handed to the app from here.
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const app = dirname(fileURLToPath(import.meta.url))
const root = dirname(app)
const latchkey = join(root, 'bin', 'latchkey')
const development = process.argv.includes('--dev')

/** How long the app may take until it listens, in milliseconds; a first `next dev` has to compile. */
const APP_STARTS_WITHIN = 60_000

/** How long files must have been left alone before they are compiled: an editor writes several. */
const QUIET = 200

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}

/** The key of the app's cookies: made once, and kept beside latchkey's data, for its owner alone. */
async function appSecret(dataDir) {
  if (process.env.AUTH_SECRET) return process.env.AUTH_SECRET
  const file = join(dataDir, 'auth_secret')
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  // "wx" fails when there is one: whoever starts at the same time uses the same.
  await writeFile(file, randomBytes(33).toString('base64'), { flag: 'wx', mode: 0o600 }).catch((fault) => {
    if (fault.code !== 'EEXIST') throw fault
  })
  return readFile(file, 'utf8')
}

/** The environment of both. */
async function environments() {
  const address = process.env.LATCHKEY_ADDR || '127.0.0.1:8080'
  const port = address.slice(address.lastIndexOf(':') + 1)
  const appPort = await freePort()
  const secret = process.env.LATCHKEY_FRONTEND_SECRET || randomBytes(33).toString('base64')
  return {
    appPort,
    latchkey: {
      ...process.env,
      LATCHKEY_FRONTEND_URL: `http://127.0.0.1:${appPort}`,
      LATCHKEY_FRONTEND_SECRET: secret,
    },
    app: {
      ...process.env,
      PORT: String(appPort),
      HOSTNAME: '127.0.0.1',
      LATCHKEY_FRONTEND_SECRET: secret,
      AUTH_SECRET: await appSecret(process.env.LATCHKEY_DATA_DIR || './data'),
      AUTH_URL: process.env.LATCHKEY_PUBLIC_URL || `http://localhost:${port}`,
      INTERNAL_API_URL: `http://127.0.0.1:${port}/api/v1`,
      NEXT_TELEMETRY_DISABLED: '1',
    },
  }
}

function startApp(env) {
  const args = development
    ? [join(app, 'node_modules', 'next', 'dist', 'bin', 'next'), 'dev', '--port', env.PORT, '--hostname', env.HOSTNAME]
    : [join(app, '.next', 'standalone', 'server.js')]
  // What it prints of itself is an address that nobody is meant to open.
  return spawn(process.execPath, args, { cwd: app, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

// It names itself as it was called, in what it tells people to type.
const startLatchkey = (env) => spawn(latchkey, ['serve'], { argv0: relative('', latchkey), env, stdio: 'inherit' })

async function listens(port, child) {
  for (const end = Date.now() + APP_STARTS_WITHIN; Date.now() < end && child.exitCode === null; await sleep(50)) {
    const socket = connect(port, '127.0.0.1')
    const answered = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (answered) return
  }
  throw new Error('the Next.js app did not start')
}

/** Runs both until one of them ends or somebody ends this, and gives the exit code. */
async function run() {
  const env = await environments()
  const running = new Set()
  let code = 0
  let ending = false

  function end(exitCode) {
    if (ending) return
    ending = true
    code = exitCode
    for (const child of running) child.kill('SIGTERM')
  }
  function keep(child, restarts = () => false) {
    running.add(child)
    child.once('close', (exitCode) => {
      running.delete(child)
      if (!restarts()) end(exitCode ?? 0)
    })
    return child
  }
  // The terminal tells all of us; whoever ends only this process means all, too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(0))

  const appProcess = keep(startApp(env.app))
  await listens(env.appPort, appProcess).catch((fault) => {
    if (ending) return
    console.error(`make run: ${fault.message}`)
    end(1)
  })
  if (!ending && development) restartOnChange(keep, () => ending, env.latchkey)
  else if (!ending) keep(startLatchkey(env.latchkey))
  while (running.size > 0) await once([...running][0], 'close')
  return code
}

/** Compiles and starts latchkey, and again whenever one of its files changes. */
function restartOnChange(keep, ending, env) {
  let current
  let again = Promise.resolve()
  let quiet

  async function restart() {
    const fault = await compile()
    if (fault) return console.error(fault) // the one that runs goes on
    if (current?.exitCode === null) {
      current.replaced = true
      current.kill('SIGTERM')
      await once(current, 'close')
    }
    if (ending()) return
    const child = startLatchkey(env)
    current = keep(child, () => child.replaced)
  }
  function schedule(name) {
    if (!/\.(go|sql|html|css|js|svg|ico|yaml)$/.test(name ?? '')) return
    clearTimeout(quiet)
    quiet = setTimeout(() => (again = again.then(restart)), QUIET)
  }
  for (const folder of ['api', 'gen', 'repo', 'server']) {
    watch(join(root, folder), { recursive: true }, (_, name) => schedule(name)).unref()
  }
  again = restart()
}

const compile = () =>
  new Promise((resolve) => {
    execFile('go', ['build', '-trimpath', '-o', latchkey, './server'], { cwd: root }, (fault, _, stderr) =>
      resolve(fault && (stderr || fault.message)),
    )
  })

process.exitCode = await run()
