// What a person does on the app's pages, and what stands in their cookie.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { app, AUTH_SECRET } from './server.mjs'

export const { decode, encode } = await import(
  pathToFileURL(createRequire(join(app, 'package.json')).resolve('next-auth/jwt')).href
)

/** The notice of a page; Next.js keeps an element with that role of its own. */
export const alertOf = (page) => page.locator('main [role=alert]')

/** Fills in the sign-in form and sends it. */
export async function signIn(page, { email, password }) {
  // While a form is on its way the button says so; the answer empties the fields.
  const send = page.locator('main').getByRole('button', { name: 'Sign in' })
  await send.waitFor()
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await send.click()
}

/** Opens a page as somebody who has just signed in. */
export async function openSignedIn(page, origin, user, path = '/account') {
  await page.goto(`${origin}/login?callbackUrl=${encodeURIComponent(path)}`)
  await signIn(page, user)
  await page.waitForURL(origin + path)
  // The address may be there before the page is.
  await page.locator('main input[name=password]').waitFor({ state: 'detached' })
}

export const sessionCookie = async (page) =>
  (await page.context().cookies()).find(({ name }) => name.endsWith('authjs.session-token'))

/** What the session cookie of a page holds: to know what must not be seen elsewhere. */
export async function sessionOf(page) {
  const cookie = await sessionCookie(page)
  return cookie && decode({ token: cookie.value, secret: AUTH_SECRET, salt: cookie.name })
}

/** A session cookie's value, made as the app would make it. */
export const seal = (session, secret = AUTH_SECRET, name = 'authjs.session-token') =>
  encode({ token: session, secret, salt: name, maxAge: 3600 })

/** What the API says to a token: 200, or 401 when it is over. */
export async function statusOf(server, token) {
  const answer = await fetch(`${server.origin}/api/v1/users/me/`, { headers: { Authorization: `Bearer ${token}` } })
  return answer.status
}
