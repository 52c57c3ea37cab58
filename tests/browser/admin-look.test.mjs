// How the admin site's pages look, in both themes and at two widths: in order,
// accessible, and photographed for whoever wants to judge.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { accessibilityFaults, launch, openPage, overflow } from './browser.mjs'
import { startServer } from './server.mjs'
import { adminCookie, faultOf, fieldOf, goOnWith, makeUser, noticeOf, openAdmin, press, quoted, setBack, signInAtAPI, signInStaff } from './staff.mjs'

const widths = [1280, 390]
const schemes = ['light', 'dark']

const stamp = (daysAgo) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().replace('T', ' ').replace('Z', '000+00:00')

/** Sixty users of all kinds: names of many scripts, long ones and none. */
function manyUsers() {
  const names = [
    ['Ada', 'Lovelace'], ['Grace', 'Hopper'], ['José', 'Müller-Łukasiewicz'], ['美咲', '佐藤'], ['Зоя', 'Космодемьянская'], ['', ''], ['Wolfeschlegelsteinhausenbergerdorff', 'Hubert Blaine the Third of Philadelphia'],
    ['نور', 'الهدى'], ['Linus', ''], ['', 'Cher'],
  ]
  return Array.from({ length: 60 }, (_, i) => {
    const [first, last] = names[i % names.length]
    const local = i === 17 ? `a.very.long.address.that.somebody.was.given.at.their.company.${'x'.repeat(60)}` : `person.${String(i).padStart(2, '0')}`
    const seen = i % 4 === 0 ? 'NULL' : quoted(stamp(i * 3.3))
    return `('!', ${i % 9 === 0}, ${quoted(first)}, ${quoted(last)}, ${i % 5 === 0}, ${i % 6 !== 1}, ${quoted(stamp(400 - i * 6.1))}, ${seen}, ${quoted(`${local}@example.com`)})`
  }).join(', ')
}

describe('the admin site’s pages', { timeout: 600_000 }, () => {
  let site, fresh, browser, screenshots
  const users = {} // who signs in, each with the cookie of a session
  const views = [] // a window for each width and theme

  before(async () => {
    screenshots = process.env.SCREENSHOTS ?? (await mkdtemp(join(tmpdir(), 'latchkey-screenshots-')))
    await mkdir(screenshots, { recursive: true })
    site = await startServer()
    fresh = await startServer({}, { superuser: false })
    browser = await launch()
    await site.sql(`INSERT INTO users_user (password, is_superuser, first_name, last_name, is_staff, is_active, date_joined, last_login, email) VALUES ${manyUsers()}`)
    users.root = await makeUser(site, { email: 'ada.lovelace@example.com', first: 'Ada', last: 'Lovelace', staff: true, superuser: true })
    users.viewer = await makeUser(site, { email: 'viewer@example.com', staff: true, permissions: ['view_user'] })
    users.nobody = await makeUser(site, { email: 'nobody@example.com', staff: true })
    users.grace = await makeUser(site, { email: 'grace.hopper@example.com', first: 'Grace', last: 'Hopper' })
    for (const agent of ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1', 'curl/8.5.0', `Strange/1.0 ${'x'.repeat(200)}`]) {
      await signInAtAPI(site, users.grace, agent)
    }
    for (const who of ['root', 'viewer', 'nobody']) {
      const { page, close } = await openPage(browser, site.origin)
      await openAdmin(page, site.origin, users[who])
      users[who].cookie = await adminCookie(page)
      if (who === 'root') await makeChanges(page)
      await close()
    }
    for (const width of widths) {
      for (const colorScheme of schemes) {
        const options = { colorScheme, viewport: { width, height: 844 }, isMobile: width < 600, hasTouch: width < 600 }
        views.push({ name: `${width}-${colorScheme}`, ...(await openPage(browser, site.origin, options)) })
      }
    }
  })
  after(async () => {
    await browser?.close()
    await fresh?.stop()
    await site?.stop()
    console.log(`screenshots: ${screenshots}`)
  })

  const grace = (rest = '') => `users/${users.grace.id}/${rest}`

  /** Something for the history and the log to tell. */
  async function makeChanges(page) {
    for (const [name, value] of [['last_name', 'Murray Hopper'], ['email', 'grace@navy.example'], ['email', 'grace.hopper@example.com']]) {
      await open(page, grace())
      await fieldOf(page, name).fill(value)
      await press(page, 'Save changes')
    }
    await fieldOf(page, 'is_staff').check()
    await page.getByLabel('Can view user').check()
    await page.getByLabel('Can change user').check()
    await press(page, 'Save changes')
  }

  const open = (page, path) => page.goto(`${site.origin}/admin/${path}`)
  const link = () => fresh.output().match(/\/admin\/setup\/\?token=\S+/)[0]

  // Each is opened as root, unless it says otherwise, and answers 200.
  const pages = {
    login: { as: null, open: (page) => open(page, 'users/') },
    'login-wrong': {
      as: null,
      statuses: [401],
      async open(page) {
        await open(page, '')
        await signInStaff(page, { email: `${Math.random()}@example.com`, password: 'wrong' })
        await noticeOf(page).waitFor()
      },
    },
    'signed-out-meanwhile': {
      statuses: [401],
      async open(page) {
        await open(page, grace())
        await page.context().clearCookies()
        await press(page, 'Save changes')
      },
    },
    setup: { as: null, open: (page) => page.goto(fresh.origin + link()) },
    'setup-fault': {
      as: null,
      statuses: [422],
      async open(page) {
        await page.goto(fresh.origin + link())
        await fieldOf(page, 'email').fill('ada')
        await fieldOf(page, 'password').fill('short')
        await fieldOf(page, 'again').fill('short')
        await press(page, 'Create account and sign in')
      },
    },
    'setup-used': { as: null, statuses: [403], open: (page) => page.goto(site.origin + link()) },
    start: { open: (page) => open(page, '') },
    'start-nothing': { as: 'nobody', open: (page) => open(page, '') },
    menu: {
      async open(page) {
        await open(page, '')
        await page.locator('summary').click()
        await page.getByRole('button', { name: 'Sign out' }).waitFor()
      },
    },
    users: { open: (page) => open(page, 'users/') },
    'users-last-page': { open: (page) => open(page, 'users/?p=2&o=-last_login') },
    'users-filtered': { open: (page) => open(page, 'users/?is_staff=yes&is_active=yes&q=person') },
    'users-none': { open: (page) => open(page, 'users/?q=zzz') },
    'users-faults': { open: (page) => open(page, 'users/?p=99&o=x&is_staff=maybe') },
    'users-viewer': { as: 'viewer', open: (page) => open(page, 'users/?q=grace') },
    'users-deactivate': {
      async open(page) {
        await open(page, 'users/')
        const first = await page.locator('.list .tick + td a').allInnerTexts()
        await goOnWith(page, 'Deactivate', first.slice(0, 12))
      },
    },
    'users-delete': { open: (page) => open(page, `users/do/?action=delete&key=1&key=2&key=${users.grace.id}`) },
    'groups-none': { open: (page) => open(page, 'groups/') },
    'user-add': { open: (page) => open(page, 'users/add/') },
    'user-add-fault': {
      statuses: [422],
      async open(page) {
        await open(page, 'users/add/')
        await fieldOf(page, 'email').fill('grace.hopper@example')
        await fieldOf(page, 'first_name').fill('x'.repeat(150))
        await fieldOf(page, 'last_name').fill('\u0007')
        await fieldOf(page, 'password').fill('12345678')
        await fieldOf(page, 'again').fill('12345678')
        await press(page, 'Create user')
        await faultOf(page, 'password').waitFor()
      },
    },
    groups: {
      async prepare() {
        await site.sql("INSERT INTO auth_group (name) VALUES ('Support'), ('Editors'), ('Wolfeschlegelsteinhausenbergerdorff & Sons, Purveyors of Fine Typography since 1834, Philadelphia')")
        await site.sql('INSERT INTO auth_group_permissions (group_id, permission_id) SELECT g.id, p.id FROM auth_group g, auth_permission p WHERE p.id % 3 = g.id % 3')
        await site.sql("INSERT INTO users_user_groups (user_id, group_id) SELECT u.id, g.id FROM users_user u, auth_group g WHERE u.id <= 60 AND u.id % 5 = g.id")
      },
      open: (page) => open(page, 'groups/'),
    },
    group: { open: (page) => open(page, 'groups/1/') },
    'group-delete': { open: (page) => open(page, 'groups/3/delete/') },
    user: { open: (page) => open(page, grace()) },
    'user-viewer': { as: 'viewer', open: (page) => open(page, grace()) },
    'user-confirm': {
      statuses: [403],
      async open(page) {
        await setBack(site, page, 'confirmed_at', 11)
        await open(page, grace())
        await fieldOf(page, 'is_superuser').check()
        await press(page, 'Save changes')
        await fieldOf(page, 'current_password').waitFor()
      },
      after: (page) => setBack(site, page, 'confirmed_at', 0),
    },
    'user-conflict': {
      statuses: [409],
      async open(page) {
        await open(page, grace())
        await fieldOf(page, 'first_name').fill('Gracie')
        await page.locator('[name=version]').evaluate((input) => (input.value = 'an older one'))
        await press(page, 'Save changes')
      },
    },
    'user-password': { open: (page) => open(page, grace('password/')) },
    'user-delete': {
      async open(page) {
        await setBack(site, page, 'confirmed_at', 11)
        await open(page, grace('delete/'))
      },
      after: (page) => setBack(site, page, 'confirmed_at', 0),
    },
    history: { open: (page) => open(page, grace('history/')) },
    sessions: { open: (page) => open(page, 'sessions/') },
    session: {
      async open(page) {
        await open(page, 'sessions/?q=Strange')
        await page.locator('.list tbody a').first().click()
        await page.waitForURL(/sessions\/\w+\/$/)
      },
    },
    'audit-log': { open: (page) => open(page, 'audit-log/') },
    event: {
      async open(page) {
        await open(page, 'audit-log/?q=navy')
        await page.locator('.list tbody a').first().click()
        await page.waitForURL(/audit-log\/\d+\/$/)
      },
    },
    password: { open: (page) => open(page, 'password/') },
    logout: { open: (page) => open(page, 'logout/') },
    forbidden: { as: 'viewer', statuses: [403], open: (page) => open(page, 'groups/') },
    'not-found': { statuses: [404], open: (page) => open(page, 'users/999999/') },
    'not-found-signed-out': { as: null, statuses: [404], open: (page) => open(page, 'login/nope/') },
    'too-large': {
      statuses: [413],
      async open(page) {
        await open(page, grace())
        await fieldOf(page, 'first_name').evaluate((input) => (input.value = 'x'.repeat(300_000)))
        await press(page, 'Save changes')
      },
    },
    'users-nothing-selected': { open: (page) => open(page, 'users/do/?action=delete') },
    unprocessable: { statuses: [422], open: (page) => open(page, 'users/export.csv?is_staff=maybe') },
  }

  for (const [name, { as = 'root', statuses = [], prepare = () => {}, open, after = () => {} }] of Object.entries(pages)) {
    test(name, async () => {
      await prepare()
      for (const { name: where, page, complaints } of views) {
        await page.context().clearCookies()
        if (as) await page.context().addCookies([users[as].cookie])
        complaints.length = 0
        const answers = []
        page.on('response', (answer) => answer.request().isNavigationRequest() && answers.push(answer.status()))
        await open(page)
        page.removeAllListeners('response')
        assert.equal(answers.at(-1), statuses[0] ?? 200, where)
        await page.screenshot({ path: join(screenshots, `admin-${name}-${where}.png`), fullPage: true })
        assert.equal(await overflow(page), 0, `${where}: it scrolls sideways, by pixels`)
        assert.deepEqual(await accessibilityFaults(page), [], where)
        // Chromium writes an error of its own for each of our refusals. The server
        // without a superuser is another host than the one of the windows.
        const expected = (line) => statuses.some((status) => line.includes(`status of ${status}`)) || line.startsWith(`request to another host: ${fresh.origin}`)
        assert.deepEqual(complaints.filter((line) => !expected(line)), [], where)
        await after(page)
      }
    })
  }
})
