// nginx and Caddy as an operator starts them, before the site.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A name that is no address of this machine: what a browser is told to find at 127.0.0.1. */
export const NAME = 'app.example.test'

/** How long a proxy may take until it listens, in milliseconds: for a failure alone. */
const STARTS_WITHIN = 60_000

/** The lines of `location /` besides proxy_pass, by what an operator may have written. */
export const nginxSettings = {
  bare: '',
  'Host, X-Forwarded-For and -Proto': `
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;`,
  'those and X-Forwarded-Host': `
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;`,
  'as in the README': `
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      proxy_read_timeout 10m;`,
}

const nginxConfig = ({ port, upstream, certificate, settings }) => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {
    listen 127.0.0.1:${port}${certificate ? ' ssl' : ''};
    server_name ${NAME};${certificate ? `
    ssl_certificate ${certificate.cert};
    ssl_certificate_key ${certificate.key};` : ''}
    location / {
      proxy_pass ${upstream};${settings}
    }
  }
}
`

const caddyConfig = ({ port, upstream, certificate }) => `
{
  admin off
  auto_https off
}
${certificate ? 'https' : 'http'}://${NAME}:${port} {
  bind 127.0.0.1${certificate ? `
  tls ${certificate.cert} ${certificate.key}` : ''}
  reverse_proxy ${upstream.replace('http://', '')}
}
`

/** Starts nginx on a port, before `upstream`; `settings` are lines of its location. */
export const startNginx = (options) =>
  startProxy(options, 'nginx', nginxConfig(options), (dir, file) => ['nginx', ['-p', dir, '-c', file, '-e', 'stderr']])

/** Starts Caddy on a port, before `upstream`, with its defaults. */
export const startCaddy = (options) =>
  startProxy(options, 'Caddyfile', caddyConfig(options), (_, file) => ['caddy', ['run', '--config', file, '--adapter', 'caddyfile']])

async function startProxy({ port }, name, config, command) {
  const dir = await mkdtemp(join(tmpdir(), 'latchkey-proxy-'))
  const file = join(dir, name)
  await writeFile(file, config)
  const [program, args] = command(dir, file)
  const output = []
  const child = spawn(program, args, {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(text))
  let ended = false
  const closed = new Promise((resolve) => {
    child.once('error', (fault) => output.push(`${fault.message}: apt-get install nginx-light caddy\n`))
    child.once('close', () => {
      ended = true
      resolve()
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await closed
    await rm(dir, { recursive: true, force: true })
  }
  for (const end = Date.now() + STARTS_WITHIN; Date.now() < end && !ended; await sleep(50)) {
    if (await listens(port)) return { stop, output: () => output.join('') }
  }
  await stop()
  throw new Error(`${program} does not start:\n${output.join('')}`)
}

async function listens(port) {
  const socket = connect(port, '127.0.0.1')
  const answered = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return answered
}

/** A certificate for NAME that nobody has signed but itself. */
export async function makeCertificate() {
  const dir = await mkdtemp(join(tmpdir(), 'latchkey-certificate-'))
  const certificate = { cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem'), remove: () => rm(dir, { recursive: true, force: true }) }
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
    '-subj', `/CN=${NAME}`, '-addext', `subjectAltName=DNS:${NAME}`, '-keyout', certificate.key, '-out', certificate.cert])
  return certificate
}
