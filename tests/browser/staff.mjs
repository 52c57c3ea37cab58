// What a member of staff does on the admin site, and what stands in its forms.
import { createHash } from 'node:crypto'

/** The message above a page's content that says what is wrong. */
export const noticeOf = (page) => page.locator('main [role=alert]')

/** The message that says what was done. */
export const flashOf = (page) => page.locator('main [role=status]')

/** What is wrong with a field, as it stands beside it. */
export const faultOf = (page, name) => page.locator(`#field-${name}-fault`)

/** A field of a form. */
export const fieldOf = (page, name) => page.locator(`#field-${name}`)

/** Fills in the form of the login and sends it. */
export async function signInStaff(page, { email, password }) {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  return press(page, 'Sign in')
}

/** Sends the form of the login without a browser. */
export async function logIn(origin, { email, password }, next = '') {
  return fetch(`${origin}/admin/login/`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams({ next, email, password }),
    redirect: 'manual',
  })
}

/**
 * Opens a page of the admin site as somebody who has just signed in. The form of
 * the login has tests of its own.
 */
export async function openAdmin(page, origin, user, path = '/admin/') {
  const answer = await logIn(origin, user)
  const [, value] = String(answer.headers.get('set-cookie')).match(/latchkey_admin=(\w+)/)
  await page.context().addCookies([{ name: 'latchkey_admin', value, url: `${origin}/admin/`, httpOnly: true, sameSite: 'Lax' }])
  await page.goto(origin + path)
}

/** Presses a button that sends a form; gives the answer's status when the next page is there. */
export async function press(page, name) {
  const [answer] = await Promise.all([
    page.waitForResponse((answer) => answer.request().method() === 'POST'),
    page.waitForEvent('domcontentloaded'),
    page.locator('main').getByRole('button', { name, exact: true }).click(),
  ])
  return answer.status()
}

/** Selects rows of a list and opens the page of an action. */
export async function goOnWith(page, action, titles) {
  for (const title of titles) await page.getByLabel(`Select ${title}`, { exact: true }).check()
  await page.getByLabel('With selected').selectOption({ label: action })
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.waitForURL('**/do/?*')
}

/** The addresses or names in the first column of a list. */
export const listed = (page) => page.locator('.list tbody .tick + td a')

/** The session's cookie of a page. */
export const adminCookie = async (page) =>
  (await page.context().cookies()).find(({ name }) => name.endsWith('latchkey_admin'))

/** The id under which the database has the session of a cookie. */
export const sessionIDOf = ({ value }) =>
  createHash('sha256').update(`latchkey admin session ${value}`).digest('hex').slice(0, 32)

/** Sets a time of a page's session back. */
export async function setBack(server, page, column, minutes) {
  const time = new Date(Date.now() - minutes * 60_000).toISOString().replace('T', ' ').replace('Z', '000+00:00')
  await server.sql(`UPDATE latchkey_session SET ${column} = '${time}' WHERE id = '${sessionIDOf(await adminCookie(page))}'`)
}

export const quoted = (text) => `'${text.replaceAll("'", "''")}'`

/**
 * Puts a user into the database, past the site and its rules, with the password of
 * the server's user. `permissions` are Django's names without the app.
 */
export async function makeUser(server, { email, first = '', last = '', active = true, staff = false, superuser = false, permissions = [] }) {
  const [[id]] = await server.sql(`INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, email)
    SELECT password, ${superuser}, ${quoted(first)}, ${quoted(last)}, ${staff}, ${active}, date_joined, ${quoted(email)}
    FROM users_user WHERE email = ${quoted(server.user.email)} RETURNING id`)
  if (permissions.length > 0) {
    await server.sql(`INSERT INTO users_user_user_permissions (user_id, permission_id)
      SELECT ${id}, id FROM auth_permission WHERE codename IN (${permissions.map(quoted)})`)
  }
  return { id, email, password: server.user.password }
}

/** Signs in at the API: the answer's status, and the token. */
export async function signInAtAPI(server, { email, password }, userAgent = 'test') {
  const answer = await fetch(`${server.origin}/api/v1/users/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': userAgent },
    body: JSON.stringify({ username: email, password }),
  })
  return { status: answer.status, token: (await answer.json()).access_token }
}

/** A request with a page's cookies and without its browser. `form` is posted as by a page of the site. */
export async function ask(page, url, { form, headers = {} } = {}) {
  const cookie = (await page.context().cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ')
  const answer = await fetch(url, {
    method: form ? 'POST' : 'GET',
    headers: { cookie, ...(form && { origin: new URL(url).origin }), ...headers },
    body: form && new URLSearchParams(form),
    redirect: 'manual',
  })
  return { status: answer.status, headers: answer.headers, body: await answer.text() }
}

/** All that a page's form would send. */
export const fieldsOf = (page) =>
  page.locator('main form[method=post]').evaluate((form) => [...new FormData(form)].map(([name, value]) => [name, String(value)]))
