const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

// The largest unit of which there is one.
const units = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

/** How long ago a time was, in words. */
export function ago(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1000
  for (const [unit, length] of units) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit)
  }
  return 'just now'
}

const inFull = (at: Date) => `${full.format(at)} UTC`

/** A time, in full. */
export function FullTime({ at }: { at: string }) {
  return <time dateTime={at}>{inFull(new Date(at))}</time>
}

/** How long ago a time was; in full on hover. */
export function TimeAgo({ at, now }: { at: string; now: Date }) {
  return (
    <time dateTime={at} title={inFull(new Date(at))}>
      {ago(new Date(at), now)}
    </time>
  )
}
