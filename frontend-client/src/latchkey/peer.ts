import 'server-only'
import { randomBytes } from 'node:crypto'
import { Server, type IncomingMessage } from 'node:http'

// One for the whole process: Next.js loads a module once for each of its bundles.
const name = Symbol.for('latchkey.peer-header')
const shared = globalThis as { [name]?: string }

/**
 * Has every request carry the address at the other end of its connection, which
 * Next.js tells nobody: it gives `X-Forwarded-For`, as the client may have written
 * it. The header's name is made by chance at each start, so that no client can send it.
 */
export function notePeers(): void {
  if (shared[name]) return
  const header = `x-peer-${randomBytes(12).toString('hex')}`
  const emit = Server.prototype.emit
  Server.prototype.emit = function (event: string, ...args: unknown[]) {
    if (event === 'request') {
      const request = args[0] as IncomingMessage
      request.headers[header] = request.socket.remoteAddress ?? ''
    }
    return Reflect.apply(emit, this, [event, ...args]) as boolean
  }
  shared[name] = header
}

/** The address at the other end of a request's connection, where `notePeers` was called at the start. */
export function peerOf(sent: Headers): string | undefined {
  const header = shared[name]
  return (header && sent.get(header)) || undefined
}
