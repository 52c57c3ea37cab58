/** A page that proxy.ts answers itself, without the app. */
export type Notice = {
  status: number
  title: string
  lead: string
  /** The page asks for itself again until it is answered otherwise. */
  recovers?: boolean
}

export const unavailable: Notice = {
  status: 503,
  title: 'Back in a moment',
  lead: 'The service cannot be reached right now. You are still signed in, and this page will come back by itself.',
  recovers: true,
}

export const forbidden: Notice = {
  status: 403,
  title: 'That came from another site',
  lead: 'Nothing was done. If it was you, open this site and try again from here.',
}

/**
 * The notice as a whole page in the app's dress. It is made without React, and so
 * can have its status: what Next.js renders is 200, 404 or 500. (Another page
 * could be rewritten to, but on 127.0.0.1 Next.js takes that for another host, and
 * asks itself for it without end.)
 */
export function noticePage({ status, title, lead, recovers }: Notice, nonce: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · latchkey</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<style nonce="${nonce}">${style}</style>
${recovers ? '<noscript><meta http-equiv="refresh" content="10"></noscript>' : ''}
</head>
<body>
<header><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/><g transform="rotate(-45 16 16)"><circle cx="9.4" cy="16" r="4.8"/><path d="M14.2 16H27M26.2 16v4M21 16v3"/></g></svg>latchkey</header>
<main>
<p class="status">${status}</p>
<h1>${title}</h1>
<p class="lead">${lead}</p>
<p>${recovers ? '<a href="">Try now</a>' : '<a href="/">Go to the home page</a>'}</p>
</main>
${recovers ? `<script nonce="${nonce}">${recover}</script>` : ''}
</body>
</html>
`
}

const style = `
:root { color-scheme: light dark; --ground: #faf8f4; --card: #fff; --line: #e3dccf; --ink: #211d17; --muted: #655c4f; --brass: #875708; --plate: #231e17; --button: #231e17; --button-ink: #fff }
@media (prefers-color-scheme: dark) { :root { --ground: #14120e; --card: #1d1a15; --line: #39332a; --ink: #f4efe6; --muted: #b3a998; --brass: #ebbc61; --plate: #2b251c; --button: #ebbc61; --button-ink: #1b150a } }
body { margin: 0; min-height: 100svh; display: flex; flex-direction: column; background: var(--ground); color: var(--ink); font: 1rem/1.6 system-ui, sans-serif }
header { display: flex; align-items: center; gap: .625rem; padding: .75rem clamp(1rem, 4vw, 2.5rem); border-bottom: 1px solid var(--line); background: var(--card); font-weight: 700; font-size: 1.125rem; letter-spacing: -.025em }
header svg { width: 2rem; fill: none; stroke: #f0c268; stroke-width: 2.8; stroke-linecap: round; stroke-linejoin: round }
header rect { fill: var(--plate); stroke: none }
main { max-width: 36rem; margin: auto; padding: 4rem 1.25rem }
.status { margin: 0 0 .75rem; color: var(--brass); font: 600 1rem ui-monospace, monospace }
h1 { margin: 0; font-size: clamp(2rem, 1.4rem + 3vw, 3rem); line-height: 1.1; letter-spacing: -.025em; text-wrap: balance }
.lead { margin: 1rem 0 2rem; color: var(--muted); font-size: 1.125rem; text-wrap: pretty }
a { display: inline-block; padding: .6rem 1.25rem; border-radius: 10px; background: var(--button); color: var(--button-ink); font-weight: 600; text-decoration: none }
a:focus-visible { outline: 2px solid var(--brass); outline-offset: 3px }
`

// Every three seconds, until the page is there again.
const recover = `
setInterval(async () => {
  const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store' }).catch(() => null)
  if (answer && answer.status !== 503) location.reload()
}, 3000)
`
