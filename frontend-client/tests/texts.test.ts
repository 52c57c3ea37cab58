import { describe, expect, test } from 'vitest'
import { messageOf as accountMessageOf } from '@/app/account/messages'
import { faultsByField, text } from '@/app/form'
import { messageOf } from '@/app/login/messages'
import { initials } from '@/components/initials'
import { ago } from '@/components/time'

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

describe('messageOf of the account', () => {
  test.each([
    ['invalid_request', undefined, 'Nothing was saved. Correct the errors below.'],
    ['too_many_attempts', 900, 'Too many failed attempts. Try again in 15 minutes.'],
    ['busy', 1, 'Many people are signing in right now. Try again in a moment.'],
    ['unreachable', undefined, 'The service cannot be reached right now. Try again in a moment.'],
    ['<script>', undefined, 'That did not work. Nothing was saved. Try again.'],
  ])('%s', (code, retryAfter, message) => {
    expect(accountMessageOf(code, retryAfter)).toBe(message)
  })
})

describe('ago', () => {
  const now = new Date('2026-11-24T12:00:00Z')
  test.each([
    [0, 'just now'],
    [59, 'just now'],
    [60, '1 minute ago'],
    [119, '1 minute ago'],
    [3_599, '59 minutes ago'],
    [3_600, '1 hour ago'],
    [86_399, '23 hours ago'],
    [86_400, '1 day ago'],
    [29.9 * 86_400, '29 days ago'],
    [-5, 'just now'], // the clocks of two machines differ
  ])('%d seconds', (seconds, words) => {
    expect(ago(new Date(now.getTime() - seconds * 1000), now)).toBe(words)
  })
})

describe('a form', () => {
  test('gives a field as it was typed, and nothing for what is none', () => {
    const form = new FormData()
    form.set('name', ' Ada ')
    form.set('file', new File(['x'], 'x.txt'))
    expect([text(form, 'name'), text(form, 'file'), text(form, 'other')]).toEqual([' Ada ', '', ''])
  })

  test('has a fault for each field', () => {
    const errors = [
      { field: 'first_name', message: 'Too long.' },
      { field: 'last_name', message: 'Odd.' },
    ]
    expect(faultsByField(errors)).toEqual({ first_name: 'Too long.', last_name: 'Odd.' })
  })
})
