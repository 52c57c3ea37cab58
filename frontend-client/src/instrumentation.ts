/** Next.js calls this once, before it takes requests. */
export async function register() {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { checkEnvironment } = await import('@/latchkey/env')
    checkEnvironment()
    const { notePeers } = await import('@/latchkey/peer')
    notePeers()
  }
}
