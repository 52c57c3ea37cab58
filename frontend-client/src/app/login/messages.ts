/** What to tell a person of a failed sign-in, by its problem `code`. */
export function messageOf({ code, retryAfter }: { code: string; retryAfter?: number }): string {
  switch (code) {
    case 'invalid_credentials':
      return 'Incorrect e-mail address or password.'
    case 'too_many_attempts':
      if ((retryAfter ?? 0) >= LOCKED) return LOCKED_MESSAGE
      return `Too many failed attempts. Try again ${retryAfter ? `in ${inWords(retryAfter)}` : 'later'}.`
    case 'invalid_request':
      return 'Enter your e-mail address and your password.'
    case 'busy':
      return 'Many people are signing in right now. Try again in a moment.'
    case 'unreachable':
    case 'unavailable':
      return 'The service cannot be reached right now. Try again in a moment.'
    default:
      return 'Signing in did not work. Try again.'
  }
}

// A wait of a day: it is no wait that helps. The API says the same for an address that nobody has.
const LOCKED = 24 * 60 * 60
const LOCKED_MESSAGE =
  'Too many failed attempts, so signing in from here is locked. ' +
  'Use a device you have signed in on before, or ask an administrator to unlock the account.'

function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60)
  if (minutes === 60) return 'an hour'
  return minutes <= 1 ? 'a minute' : `${minutes} minutes`
}
