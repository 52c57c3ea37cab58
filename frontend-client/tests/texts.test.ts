import { describe, expect, test } from 'vitest'
import { messageOf } from '@/app/login/messages'
import { initials } from '@/components/initials'

describe('messageOf', () => {
  test.each([
    [{ code: 'invalid_credentials' }, 'Incorrect e-mail address or password.'],
    [{ code: 'too_many_attempts', retryAfter: 900 }, 'Too many failed attempts. Try again in 15 minutes.'],
    [{ code: 'too_many_attempts', retryAfter: 61 }, 'Too many failed attempts. Try again in 2 minutes.'],
    [{ code: 'too_many_attempts', retryAfter: 5 }, 'Too many failed attempts. Try again in a minute.'],
    [{ code: 'too_many_attempts', retryAfter: 3600 }, 'Too many failed attempts. Try again in an hour.'],
    [
      { code: 'too_many_attempts', retryAfter: 86400 },
      'Too many failed attempts, so signing in from here is locked. Use a device you have signed in on before, or ask an administrator to unlock the account.',
    ],
    [{ code: 'too_many_attempts' }, 'Too many failed attempts. Try again later.'],
    [{ code: 'unreachable' }, 'The service cannot be reached right now. Try again in a moment.'],
    [{ code: 'unavailable' }, 'The service cannot be reached right now. Try again in a moment.'],
    [{ code: 'busy' }, 'Many people are signing in right now. Try again in a moment.'],
    [{ code: '<script>' }, 'Signing in did not work. Try again.'],
  ])('%j', (failure, message) => {
    expect(messageOf(failure)).toBe(message)
  })
})

describe('initials', () => {
  test.each([
    [{ name: 'Ada Lovelace', email: 'ada@example.com' }, 'AL'],
    [{ name: 'Gabriel José de la Concordia García', email: 'g@example.com' }, 'GG'],
    [{ name: 'Ada', email: 'ada@example.com' }, 'A'],
    [{ name: null, email: 'zoe@example.com' }, 'Z'],
    [{ name: '  ', email: 'zoe@example.com' }, ''],
    [{ name: 'élodie ångström', email: 'e@example.com' }, 'ÉÅ'],
    [{ name: '👩‍🚀 Ride', email: 's@example.com' }, '👩‍🚀R'],
  ])('%j', (user, expected) => {
    expect(initials(user)).toBe(expected)
  })
})
