import { describe, expect, test } from 'vitest'
import { returnPath } from '@/latchkey/paths'

const origin = 'https://app.example'

describe('returnPath', () => {
  test.each([
    ['/account', '/account'],
    ['/a/b?c=1&d=%2F#e', '/a/b?c=1&d=%2F#e'],
    ['https://app.example/account?x=1', '/account?x=1'],
    ['', '/'],
    [undefined, '/'],
    [null, '/'],
    [['/account', 'https://evil.example'], '/account'],
    [['https://evil.example', '/account'], '/'],
    ['//evil.example', '/'],
    ['///evil.example', '/'],
    ['/\\evil.example', '/'],
    ['\\\\evil.example', '/'],
    ['/\t/evil.example', '/'],
    ['\n//evil.example', '/'],
    ['/.//evil.example', '/'],
    ['/x/..//evil.example', '/'],
    ['https://evil.example/', '/'],
    ['https:evil.example', '/'],
    ['http://app.example/', '/'],
    ['https://app.example.evil.example/', '/'],
    ['https://app.example@evil.example/', '/'],
    ['https://app.example:8443/', '/'],
    ['javascript:alert(1)', '/'],
    ['data:text/html,x', '/'],
    ['blob:https://app.example/x', '/'],
    ['http://[', '/'],
    ['/login', '/'],
    ['/login?callbackUrl=/login', '/'],
    ['/logout', '/'],
    ['/api/auth/signout', '/'],
    ['/loginmethods', '/loginmethods'],
  ])('%j leads to %s', (wanted, path) => {
    expect(returnPath(wanted as string, origin)).toBe(path)
  })

  test('what it gives never leaves the site, in a browser either', () => {
    for (const wanted of ['//a', '/\\a', '/%2F/a', '/%5Ca', '/.%2F/a', '/..;/a', '/?//a', '/#//a', '/a//b']) {
      expect(new URL(returnPath(wanted, origin), origin).origin).toBe(origin)
    }
  })
})
