// The admin site in a real browser.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { at, becomes, counts, disabled, has, holds, launch, openPage, reads, readsAll, seen, ticked } from './browser.mjs'
import { statusOf } from './person.mjs'
import { startServer } from './server.mjs'
import {
  adminCookie, ask, faultOf, fieldOf, fieldsOf, flashOf, goOnWith, listed, logIn, makeUser, noticeOf, openAdmin, press, quoted, setBack, signInAtAPI, signInStaff,
} from './staff.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

/**
 * Runs what somebody does on a site. Nothing may complain meanwhile but Chromium,
 * which writes a line of its own for each answer of 400 and above: `refused` are
 * those that are meant.
 */
async function visit(site, act, { refused = [], ...options } = {}) {
  const { page, complaints, close } = await openPage(browser, site.origin, { judged: false, ...options })
  await act(page)
  const seen = complaints.map((line) => Number(line.match(/Failed to load resource.* status of (4\d\d)/)?.[1]) || line)
  assert.deepEqual(seen, refused)
  await close()
}

/** The one-time link that serve has printed. */
const setupLink = (site) => site.output().match(/http\S+\/admin\/setup\/\?token=\S+/)?.[0]

const good = 'correct-horse-42'

describe('the first superuser', { timeout: 600_000 }, () => {
  let site
  const ada = { email: 'ada@example.com', password: good }

  before(async () => {
    site = await startServer({}, { superuser: false })
  })
  after(() => site?.stop())

  test('is made by the link that serve prints, once; the token is in no log', async () => {
    const link = setupLink(site)
    const token = new URL(link).searchParams.get('token')
    await visit(site, async (page) => {
      const answer = await page.goto(link)
      // A page elsewhere must not learn the token, and our own form must not look foreign.
      assert.equal(answer.headers()['referrer-policy'], 'strict-origin')
      await fieldOf(page, 'email').fill(ada.email)
      await fieldOf(page, 'password').fill(good)
      await fieldOf(page, 'again').fill('another one')
      assert.equal(await press(page, 'Create account and sign in'), 422)
      await reads(faultOf(page, 'again'), 'The passwords do not match.')
      await holds(fieldOf(page, 'email'), ada.email)
      await holds(fieldOf(page, 'password'), '')

      await fieldOf(page, 'email').fill('ada')
      await fieldOf(page, 'password').fill('password')
      await fieldOf(page, 'again').fill('password')
      assert.equal(await press(page, 'Create account and sign in'), 422)
      await reads(faultOf(page, 'email'), 'Enter a valid e-mail address.')
      await reads(faultOf(page, 'password'), /common|everybody/i)
      await holds(fieldOf(page, 'email'), 'ada')

      const replay = await fieldsOf(page)
      await fieldOf(page, 'email').fill('Ada@Example.com')
      await fieldOf(page, 'password').fill(good)
      await fieldOf(page, 'again').fill(good)
      const sent = page.waitForRequest((request) => request.method() === 'POST')
      assert.equal(await press(page, 'Create account and sign in'), 303)
      assert.equal((await (await sent).allHeaders()).origin, site.origin)
      await page.waitForURL(`${site.origin}/admin/`)
      await reads(flashOf(page), /^Welcome/)
      await page.locator('.me').getByText(ada.email).waitFor()

      const again = await page.goto(link)
      assert.equal(again.status(), 403)
      await page.getByRole('heading', { name: /This link was used or has expired/ }).waitFor()
      const posted = await ask(page, link, { form: replay })
      assert.equal(posted.status, 403)
      assert.match(posted.body, /This link was used or has expired/)
    }, { refused: [422, 422, 403] })
    assert.equal((await ask({ context: () => ({ cookies: async () => [] }) }, link)).status, 403)
    const written = site.output()
    assert.equal(written.split(token).length - 1, 1, 'the token stands anywhere but in the link')
    assert.deepEqual(await site.sql('SELECT email, channel, action FROM latchkey_event e JOIN users_user u ON u.email = e.actor ORDER BY e.id'), [
      [ada.email, 'admin', 'created'],
      [ada.email, 'admin', 'signed in'],
    ])
  })

  test('as the last one they stay it, on every channel', async () => {
    await visit(site, async (page) => {
      await openAdmin(page, site.origin, ada, '/admin/users/')
      await page.getByRole('link', { name: ada.email }).click()
      await page.waitForURL(/users\/\d+\/$/)
      const own = page.url()
      for (const [box, other] of [['is_superuser', 'is_active'], ['is_active', 'is_superuser']]) {
        await page.goto(own)
        await fieldOf(page, 'first_name').fill('Typed')
        await fieldOf(page, box).uncheck()
        assert.equal(await press(page, 'Save changes'), 422)
        await reads(faultOf(page, box), 'This is the last active superuser. Create another one first.')
        await counts(faultOf(page, other), 0)
        await holds(fieldOf(page, 'first_name'), 'Typed')
        await ticked(fieldOf(page, box), false)
      }

      await page.goto(`${site.origin}/admin/users/`)
      await goOnWith(page, 'Deactivate', [ada.email])
      assert.equal(await press(page, 'Deactivate'), 422)
      await reads(noticeOf(page), new RegExp(`${ada.email} is the last active superuser`))

      await page.goto(`${own}password/`)
      await page.getByLabel('No password').check()
      assert.equal(await press(page, 'Set password'), 422)
      await reads(faultOf(page, 'password'), 'This is the last active superuser. Create another one first.')

      await page.goto(`${own}delete/`)
      assert.equal(await press(page, 'Delete'), 409)
      await reads(noticeOf(page), 'You cannot delete your own account.')
    }, { refused: [422, 422, 422, 422, 409] })

    for (const what of ['demote', 'deactivate', 'delete']) {
      const { code, written } = await site.command(['user', what, ada.email])
      assert.equal(code, 1, what)
      assert.match(written, /last active superuser/)
    }
    assert.deepEqual(await site.sql('SELECT email FROM users_user WHERE is_superuser AND is_active AND is_staff'), [[ada.email]])
  })

  test('with a second one, the first can go', async () => {
    await makeUser({ ...site, user: ada }, { email: 'bob@example.com', staff: true, superuser: true })
    await visit(site, async (page) => {
      await openAdmin(page, site.origin, { ...ada, email: 'bob@example.com' }, '/admin/users/')
      await goOnWith(page, 'Delete', [ada.email])
      assert.equal(await press(page, 'Delete'), 303)
      await reads(flashOf(page), '1 user deleted.')
      await readsAll(listed(page), ['bob@example.com'])
    })
  })
})

describe('the admin site', { timeout: 600_000 }, () => {
  let site, link, root

  before(async () => {
    site = await startServer({}, { superuser: false })
    link = setupLink(site)
    root = { email: 'root@example.com', password: good }
    const made = await site.command(['createsuperuser', '--noinput'], { LATCHKEY_SUPERUSER_EMAIL: root.email, LATCHKEY_SUPERUSER_PASSWORD: good })
    assert.equal(made.code, 0, made.written)
    site.user = root
  })
  after(() => site?.stop())

  /** Opens a list, or another page, of the site. */
  const open = (page, path) => page.goto(`${site.origin}/admin/${path}`)
  const asRoot = (page, path = '') => openAdmin(page, site.origin, root, `/admin/${path}`)
  const user = (fields) => makeUser(site, fields)
  const userRow = async (email, columns) => (await site.sql(`SELECT ${columns} FROM users_user WHERE email = ${quoted(email)}`))[0]

  test('after createsuperuser the one-time link is of no use', async () => {
    await visit(site, async (page) => {
      assert.equal((await page.goto(link)).status(), 403)
      await page.getByRole('heading', { name: /This link was used or has expired/ }).waitFor()
    }, { refused: [403] })
  })

  test('only staff get in, and who does not learns nothing of why', async () => {
    await user({ email: 'plain@example.com' })
    await user({ email: 'gone@example.com', staff: true, active: false })
    await visit(site, async (page) => {
      await open(page, 'users/?q=x&p=1')
      await at(page, `${site.origin}/admin/login/?next=${encodeURIComponent('/admin/users/?q=x&p=1')}`)
      for (const email of ['plain@example.com', 'gone@example.com', 'nobody@example.com', root.email]) {
        assert.equal(await signInStaff(page, { email, password: email === root.email ? 'wrong' : good }), 401)
        await reads(noticeOf(page), 'Incorrect e-mail address or password, or the account is not staff.')
        await holds(page.getByLabel('E-mail address'), email)
        assert.equal(await adminCookie(page), undefined)
      }
      assert.equal(await signInStaff(page, root), 303)
      await page.waitForURL(`${site.origin}/admin/users/?q=x&p=1`)
    }, { refused: [401, 401, 401, 401] })
    for (const elsewhere of ['https://evil.example/', '//evil.example/admin/', '/\\evil.example', 'javascript:alert(1)', '/login']) {
      const answer = await logIn(site.origin, root, elsewhere)
      assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/admin/'])
    }
  })

  test('the whole life of a user, and what is told of it afterwards', async () => {
    const grace = { email: 'grace@example.com', password: 'compiler-h0pper' }
    await visit(site, async (page) => {
      await asRoot(page, 'groups/add/')
      await fieldOf(page, 'name').fill('Support')
      await page.getByLabel('Can view user').check()
      assert.equal(await press(page, 'Create group'), 303)
      await reads(flashOf(page), 'The group was created.')
      await ticked(page.getByLabel('Can view user'))

      // Made, with what is wrong beside its field and the rest kept.
      await open(page, 'users/')
      await page.getByRole('link', { name: 'Create user' }).click()
      await page.waitForURL('**/users/add/')
      await fieldOf(page, 'email').fill('Grace@Example.com')
      await fieldOf(page, 'first_name').fill('Grace')
      await fieldOf(page, 'password').fill('12345678')
      await fieldOf(page, 'again').fill('12345678')
      await page.getByLabel('Support').check()
      assert.equal(await press(page, 'Create user'), 422)
      await reads(faultOf(page, 'password'), /digits|numeric|everybody|common/i)
      await holds(fieldOf(page, 'email'), 'Grace@Example.com')
      await holds(fieldOf(page, 'first_name'), 'Grace')
      await ticked(page.getByLabel('Support'))
      await page.getByLabel('Support').uncheck()
      await fieldOf(page, 'password').fill(grace.password)
      await fieldOf(page, 'again').fill(grace.password)
      assert.equal(await press(page, 'Create user'), 303)
      await page.waitForURL(/users\/\d+\/$/)
      const own = page.url()
      const { status, token } = await signInAtAPI(site, grace)
      assert.equal(status, 200)
      assert.equal(await statusOf(site, token), 200)

      // Found by a part of the address, changed, and put in a group.
      await open(page, 'users/')
      await page.getByRole('searchbox').fill('RACE@exam')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/users/?q=RACE%40exam')
      await readsAll(listed(page), [grace.email])
      await page.getByRole('link', { name: grace.email }).click()
      await page.waitForURL(own)
      await fieldOf(page, 'last_name').fill('Hopper')
      await page.getByLabel('Support').check()
      assert.equal(await press(page, 'Save changes'), 303)
      await reads(flashOf(page), 'Your changes were saved.')
      await holds(fieldOf(page, 'last_name'), 'Hopper')
      await open(page, 'users/?q=grace')
      await page.getByLabel('Group').selectOption({ label: 'Support' })
      await page.waitForURL('**/users/?q=grace&group=*')
      await readsAll(listed(page), [grace.email])

      // Deactivated: the token is refused at once, and stays so.
      await page.goto(own)
      await fieldOf(page, 'is_active').uncheck()
      assert.equal(await press(page, 'Save changes'), 303)
      assert.equal(await statusOf(site, token), 401)
      assert.equal((await signInAtAPI(site, grace)).status, 401)
      await open(page, 'users/?q=grace')
      await goOnWith(page, 'Activate', [grace.email])
      await page.getByText('1 user will be able to sign in again.').waitFor()
      assert.equal(await press(page, 'Activate'), 303)
      await reads(flashOf(page), '1 user activated.')
      assert.equal(await statusOf(site, token), 401)
      assert.equal((await signInAtAPI(site, grace)).status, 200)

      // Her own history, with before and after.
      await page.goto(own)
      await page.getByRole('link', { name: 'History' }).click()
      await page.waitForURL(`${own}history/`)
      await page.getByRole('heading', { name: `History of ${grace.email}` }).waitFor()
      const told = page.locator('.events')
      for (const words of [/root@example\.com/, /last_name\s+Hopper/, /groups\s+Support/, /is_active\s+yes → no/, /is_active\s+no → yes/, /sessions ended\s+1/]) await reads(told, words)
      for (const secret of ['argon2', grace.password]) assert.ok(!(await page.content()).includes(secret))

      // Deleted, with what goes along.
      await page.goto(own)
      await page.getByRole('link', { name: 'Delete' }).click()
      await page.waitForURL(`${own}delete/`)
      await reads(page.locator('.intro'), /cannot be undone[^]*sessions \(2\)/)
      assert.equal(await press(page, 'Delete'), 303)
      await page.waitForURL(`${site.origin}/admin/users/`)
      await reads(flashOf(page), '1 user deleted.')
      assert.equal((await page.goto(own)).status(), 404)
      await page.getByRole('heading', { name: 'This user does not exist, or was deleted.' }).waitFor()

      // The log has all of it.
      await open(page, 'audit-log/?q=grace%40example.com&kind=user')
      await readsAll(page.locator('.list tbody tr td:nth-of-type(4)'), [
        'deleted', 'signed in', 'changed', 'sessions ended', 'changed', 'changed', 'signed in', 'created',
      ])
      await page.locator('.list tbody a').first().click()
      await page.waitForURL(/audit-log\/\d+\/$/)
      for (const words of [
        /Actor\s+root@example\.com/, /Channel\s+Admin site/, /Source \(IP address\)\s+127\.0\.0\.1/, /Action\s+deleted/, /last_name\s+Hopper → \(empty\)/, /groups\s+Support → \(empty\)/,
      ]) await reads(page.locator('main'), words)
    }, { refused: [422, 404] })
  })

  test('the audit log can be checked, and an edited event is found', async () => {
    const fine = await site.command(['audit', 'verify'])
    assert.equal(fine.code, 0, fine.written)
    assert.match(fine.written, /The audit log is intact\. Events: \d+\./)
    const [[id, actor]] = await site.sql('SELECT id, actor FROM latchkey_event WHERE id = 2')
    await site.sql(`UPDATE latchkey_event SET actor = 'somebody else' WHERE id = ${id}`)
    const found = await site.command(['audit', 'verify'])
    assert.equal(found.code, 1)
    assert.match(found.written, new RegExp(`event ${id} was changed`))
    await site.sql(`UPDATE latchkey_event SET actor = ${quoted(actor)} WHERE id = ${id}`)
    assert.equal((await site.command(['audit', 'verify'])).code, 0)
  })

  test('a user without a password cannot sign in until one is set', async () => {
    const later = { email: 'later@example.com', password: 'compiler-h0pper' }
    await visit(site, async (page) => {
      await asRoot(page, 'users/add/')
      await fieldOf(page, 'email').fill(later.email)
      await page.getByLabel('No password').check()
      await page.locator('main').getByRole('button', { name: 'Save and create another' }).click()
      await flashOf(page).getByText('The user was created.').waitFor()
      await at(page, `${site.origin}/admin/users/add/`)
      await holds(fieldOf(page, 'email'), '')
      assert.match((await userRow(later.email, 'password'))[0], /^!.{40}$/)
      assert.equal((await signInAtAPI(site, later)).status, 401)

      await open(page, `users/?q=${later.email}`)
      await page.getByRole('link', { name: later.email }).click()
      await page.getByRole('link', { name: 'Set password' }).click()
      await page.waitForURL('**/password/')
      await fieldOf(page, 'password').fill('later@example.com')
      await fieldOf(page, 'again').fill('later@example.com')
      assert.equal(await press(page, 'Set password'), 422)
      await reads(faultOf(page, 'password'), /e-mail|address|similar/i)
      await fieldOf(page, 'password').fill(later.password)
      await fieldOf(page, 'again').fill(later.password)
      assert.equal(await press(page, 'Set password'), 303)
      await reads(flashOf(page), /^The password was changed/)
      assert.equal((await signInAtAPI(site, later)).status, 200)
    }, { refused: [422] })
  })

  test('with several at once: deactivate, activate, end sessions, delete; a page says before what will happen', async () => {
    const emails = ['one', 'two', 'three', 'four'].map((name) => `bulk-${name}@example.com`)
    for (const email of emails) await user({ email })
    const states = async () => (await site.sql("SELECT is_active FROM users_user WHERE email LIKE 'bulk-%' ORDER BY id")).map(([on]) => Boolean(on))
    await visit(site, async (page) => {
      const { token } = await signInAtAPI(site, { email: emails[0], password: good })
      await asRoot(page, 'users/?q=bulk-&o=date_joined')
      await counts(listed(page), 4)
      const all = page.getByLabel('Select all on this page')
      await page.getByLabel(`Select ${emails[1]}`).check()
      await becomes(() => all.evaluate((box) => box.indeterminate), true)
      await page.getByText('1 selected').waitFor()
      await all.check()
      await page.getByText('4 selected').waitFor()
      await page.getByLabel(`Select ${emails[1]}`).uncheck()
      await ticked(all, false)
      await all.check()
      await goOnWith(page, 'Deactivate', [])
      await reads(page.locator('.intro'), /^4 users are selected: [^]*4 users will be signed out everywhere/)
      for (const email of emails) await seen(page.locator('.intro').getByText(email))
      assert.deepEqual(await states(), [true, true, true, true], 'before the button was pressed')
      assert.equal(await press(page, 'Deactivate'), 303)
      await reads(flashOf(page), '4 users deactivated.')
      assert.deepEqual(await states(), [false, false, false, false])
      assert.equal(await statusOf(site, token), 401)

      await open(page, 'users/?q=bulk-')
      await goOnWith(page, 'Activate', emails.slice(0, 2))
      await reads(page.locator('.intro'), /2 users will be able to sign in again/)
      assert.equal(await press(page, 'Activate'), 303)
      assert.deepEqual(await states(), [true, true, false, false])
      assert.equal(await statusOf(site, token), 401)

      const { token: fresh } = await signInAtAPI(site, { email: emails[0], password: good })
      assert.equal(await statusOf(site, fresh), 200)
      await open(page, 'users/?q=bulk-')
      await goOnWith(page, 'Sign out everywhere', emails)
      assert.equal(await press(page, 'Sign out everywhere'), 303)
      await reads(flashOf(page), '1 session ended.')
      assert.equal(await statusOf(site, fresh), 401)

      await open(page, 'users/?q=bulk-')
      await goOnWith(page, 'Delete', emails.slice(1))
      await page.getByRole('link', { name: 'Cancel' }).click()
      await page.waitForURL('**/admin/users/?q=bulk-')
      assert.equal((await states()).length, 4)
      await goOnWith(page, 'Delete', emails.slice(1))
      assert.equal(await press(page, 'Delete'), 303)
      await reads(flashOf(page), '3 users deleted.')
      assert.equal((await states()).length, 1)

      // No action chosen, or no user selected.
      await open(page, 'users/?q=bulk-')
      await page.getByRole('button', { name: 'Apply' }).click()
      await noticeOf(page).getByText('Select an action.').waitFor()
      await page.getByLabel('With selected').selectOption({ label: 'Delete' })
      await page.getByRole('button', { name: 'Apply' }).click()
      await noticeOf(page).getByText('Select at least one user.').waitFor()
      await at(page, `${site.origin}/admin/users/?q=bulk-`)
    })
  })

  test('the list as a file has what is filtered, and no formula', async () => {
    await user({ email: 'csv-one@example.com', first: '=1+1', last: 'a, "b"', active: false })
    await user({ email: 'csv-two@example.com', first: '@SUM(A1)', active: false, staff: true })
    await user({ email: 'csv-three@example.com', first: '-2' })
    await visit(site, async (page) => {
      await asRoot(page, 'users/?q=csv-')
      await page.getByLabel('Active').selectOption({ label: 'Inactive' })
      await page.waitForURL('**/users/?*is_active=no*')
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Export as CSV' }).click()])
      assert.match(download.suggestedFilename(), /^users-\d{4}-\d\d-\d\d\.csv$/)
      const lines = (await readFile(await download.path(), 'utf8')).split('\n')
      assert.equal(lines[0], '\uFEFFemail,first_name,last_name,is_active,is_staff,is_superuser,date_joined,last_login')
      const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ'
      const rows = lines.slice(1).sort()
      assert.equal(rows.length, 3)
      assert.equal(rows[0], '')
      assert.match(rows[1], new RegExp(`^csv-one@example.com,'=1\\+1,"a, ""b""",false,false,false,${time},$`))
      assert.match(rows[2], new RegExp(`^csv-two@example.com,'@SUM\\(A1\\),,false,true,false,${time},$`))
    })
  })

  test('for what is dangerous the own password is asked for again, on the same form, and nothing typed is lost', async () => {
    const boss = await user({ email: 'boss@example.com', staff: true, superuser: true })
    const target = await user({ email: 'target@example.com' })
    await visit(site, async (page) => {
      const own = `/admin/users/${target.id}/`
      await openAdmin(page, site.origin, boss, own)
      await setBack(site, page, 'confirmed_at', 11)
      await fieldOf(page, 'first_name').fill('Tara')
      assert.equal(await press(page, 'Save changes'), 303, 'a name is not dangerous')

      await fieldOf(page, 'last_name').fill('Typed')
      await fieldOf(page, 'is_superuser').check()
      assert.equal(await press(page, 'Save changes'), 403)
      await reads(noticeOf(page), 'Nothing was saved. Enter your password to confirm.')
      await holds(fieldOf(page, 'last_name'), 'Typed')
      await ticked(fieldOf(page, 'is_superuser'))
      await fieldOf(page, 'current_password').fill('wrong')
      assert.equal(await press(page, 'Save changes'), 422)
      await reads(faultOf(page, 'current_password'), 'Incorrect password.')
      await holds(fieldOf(page, 'last_name'), 'Typed')
      assert.deepEqual(await userRow(target.email, 'first_name, last_name'), ['Tara', ''])
      await fieldOf(page, 'current_password').fill(good)
      assert.equal(await press(page, 'Save changes'), 303)
      const [last, superuser] = await userRow(target.email, 'last_name, is_superuser')
      assert.deepEqual([last, Boolean(superuser)], ['Typed', true])

      // Just now given, it is not asked for; ten minutes later it is.
      await page.goto(`${site.origin}${own}password/`)
      await counts(fieldOf(page, 'current_password'), 0)
      await setBack(site, page, 'confirmed_at', 11)
      const [before] = await userRow(target.email, 'password')
      await fieldOf(page, 'password').fill('compiler-h0pper')
      await fieldOf(page, 'again').fill('compiler-h0pper')
      assert.equal(await press(page, 'Set password'), 403)
      await fieldOf(page, 'password').fill('compiler-h0pper')
      await fieldOf(page, 'again').fill('compiler-h0pper')
      await fieldOf(page, 'current_password').fill('wrong')
      assert.equal(await press(page, 'Set password'), 422)
      assert.deepEqual(await userRow(target.email, 'password'), [before])
      await fieldOf(page, 'password').fill('compiler-h0pper')
      await fieldOf(page, 'again').fill('compiler-h0pper')
      await fieldOf(page, 'current_password').fill(good)
      assert.equal(await press(page, 'Set password'), 303)
      assert.notDeepEqual(await userRow(target.email, 'password'), [before])

      await setBack(site, page, 'confirmed_at', 11)
      await page.goto(`${site.origin}${own}delete/`)
      assert.equal(await press(page, 'Delete'), 403)
      assert.equal((await userRow(target.email, 'email')).length, 1)
      await fieldOf(page, 'current_password').fill(good)
      assert.equal(await press(page, 'Delete'), 303)
      assert.equal(await userRow(target.email, 'email'), undefined)
    }, { refused: [403, 422, 403, 422, 403] })
  })

  // ASVS 7.3.1, 7.3.2
  test('after an hour without a request, or a day with them, one is signed out; a form that is sent then is not saved', async () => {
    const idle = await user({ email: 'idle@example.com', staff: true, superuser: true })
    await visit(site, async (page) => {
      const own = `/admin/users/${idle.id}/`
      await openAdmin(page, site.origin, idle, own)
      await setBack(site, page, 'renewed_at', 58)
      await page.reload()
      await at(page, site.origin + own)
      await setBack(site, page, 'renewed_at', 61)
      await fieldOf(page, 'first_name').fill('Ida')
      assert.equal(await press(page, 'Save changes'), 401)
      await reads(noticeOf(page), /signed out, and your changes were not saved/)
      assert.deepEqual(await userRow(idle.email, 'first_name'), [''])
      // The way on that the message tells: sign in, go back, send it again.
      assert.equal(await signInStaff(page, idle), 303)
      await page.waitForURL(`${site.origin}/admin/`)

      await setBack(site, page, 'renewed_at', 61)
      await open(page, 'users/')
      await at(page, `${site.origin}/admin/login/?next=%2Fadmin%2Fusers%2F`)
      await signInStaff(page, idle)
      await setBack(site, page, 'expires_at', 1)
      await open(page, 'users/')
      await at(page, /\/admin\/login\//)
    }, { refused: [401] })
  })

  test('a form that was opened before signing in again in another tab goes through', async () => {
    const again = await user({ email: 'again@example.com', staff: true, superuser: true })
    await visit(site, async (page) => {
      await openAdmin(page, site.origin, again, `/admin/users/${again.id}/`)
      const other = await page.context().newPage()
      await other.goto(`${site.origin}/admin/logout/`)
      await press(other, 'Sign out')
      await signInStaff(other, again)
      await fieldOf(page, 'first_name').fill('Aga')
      assert.equal(await press(page, 'Save changes'), 303)
      assert.deepEqual(await userRow(again.email, 'first_name'), ['Aga'])
    })
  })

  // ASVS 7.2.4
  test('every login begins a session of its own: no cookie from before is one, nor one that was signed out', async () => {
    await visit(site, async (page) => {
      const planted = 'a'.repeat(52)
      await page.context().addCookies([{ name: 'latchkey_admin', value: planted, url: `${site.origin}/admin/` }])
      await open(page, 'login/')
      assert.equal(await signInStaff(page, root), 303)
      const first = await adminCookie(page)
      assert.notEqual(first.value, planted)
      assert.deepEqual([first.httpOnly, first.sameSite, first.secure, first.path], [true, 'Lax', false, '/admin/'])
      assert.equal(await page.evaluate(() => document.cookie), '')
      const shows = async (value) => {
        const answer = await fetch(`${site.origin}/admin/`, { headers: { cookie: `latchkey_admin=${value}` }, redirect: 'manual' })
        return answer.status
      }
      assert.deepEqual([await shows(first.value), await shows(planted)], [200, 303])
      // The database holds a hash of it, which is no cookie.
      assert.deepEqual(await site.sql(`SELECT id FROM latchkey_session WHERE id = ${quoted(first.value.slice(0, 32))}`), [])

      await page.locator('summary').click()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await flashOf(page).getByText('You are signed out.').waitFor()
      assert.equal(await adminCookie(page), undefined)
      assert.equal(await shows(first.value), 303)
      await page.goBack()
      await page.getByRole('heading', { name: 'Sign in to the admin site' }).waitFor()

      await signInStaff(page, root)
      const second = await adminCookie(page)
      assert.notEqual(second.value, first.value)
      assert.deepEqual([await shows(first.value), await shows(second.value)], [303, 200])
    })
  })

  // ASVS 9.2.2
  test('an API token is no way in', async () => {
    const { token } = await signInAtAPI(site, root)
    for (const headers of [{ authorization: `Bearer ${token}` }, { cookie: `latchkey_admin=${token}` }]) {
      const answer = await fetch(`${site.origin}/admin/users/`, { headers, redirect: 'manual' })
      assert.equal(answer.status, 303)
    }
  })

  test('one’s own password: the old one is asked for, and every other session ends', async () => {
    const me = await user({ email: 'me@example.com', staff: true })
    await visit(site, async (page) => {
      const { token } = await signInAtAPI(site, me)
      await openAdmin(page, site.origin, me)
      await page.locator('summary').click()
      await page.getByRole('link', { name: 'Change password' }).click()
      await page.waitForURL('**/admin/password/')
      const type = async (old) => {
        await fieldOf(page, 'new_password').fill('compiler-h0pper')
        await fieldOf(page, 'again').fill('compiler-h0pper')
        await fieldOf(page, 'current_password').fill(old)
        return press(page, 'Change password')
      }
      assert.equal(await type(''), 422)
      await reads(faultOf(page, 'current_password'), 'This is required.')
      assert.equal(await type('wrong'), 422)
      await reads(faultOf(page, 'current_password'), 'Incorrect password.')
      assert.equal(await statusOf(site, token), 200)
      assert.equal(await type(good), 303)
      await reads(flashOf(page), 'Your password was changed.')
      assert.equal(await statusOf(site, token), 401)
      assert.equal((await open(page, '')).status(), 200)
    }, { refused: [422, 422] })
  })

  // ASVS 7.4.5
  test('one session of a user can be seen and ended, and the others go on', async () => {
    const many = await user({ email: 'many@example.com' })
    const kept = await signInAtAPI(site, many, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')
    const ended = await signInAtAPI(site, many, 'curl/8.5.0')
    await visit(site, async (page) => {
      await asRoot(page, `users/${many.id}/`)
      await page.getByText('Firefox on Linux').waitFor()
      await page.getByRole('row').filter({ hasText: 'curl' }).getByRole('link', { name: 'End session' }).click()
      await page.waitForURL('**/end/')
      assert.equal(await press(page, 'End session'), 303)
      await reads(flashOf(page), '1 session ended.')
      await page.locator('.facts').getByText('ended', { exact: true }).waitFor()
      assert.deepEqual([await statusOf(site, ended.token), await statusOf(site, kept.token)], [401, 200])
    })
  })

  test('a form that did not come from this site changes nothing', async () => {
    const victim = await user({ email: 'victim@example.com' })
    await visit(site, async (page) => {
      const path = `${site.origin}/admin/users/${victim.id}/`
      await asRoot(page, `users/${victim.id}/`)
      const fields = [...(await fieldsOf(page)).filter(([name]) => name !== 'first_name'), ['first_name', 'Owned']]
      for (const [form, headers] of [
        [fields, { origin: '' }],
        [fields, { origin: `${site.origin}.evil.example` }],
        [fields, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
        [fields, { origin: 'https://evil.example' }],
        [fields, { origin: 'null' }],
        [fields, { origin: '', 'sec-fetch-site': 'cross-site' }],
        [fields, { origin: '', 'sec-fetch-site': 'same-site' }],
      ]) {
        const answer = await ask(page, path, { form, headers })
        assert.equal(answer.status, 403)
        assert.match(answer.body, /Nothing was saved/)
      }
      for (const [action, form] of [['logout/', []], [`users/${victim.id}/delete/`, []], ['users/do/', [['action', 'delete'], ['key', String(victim.id)]]], ['password/', [['current_password', good], ['new_password', 'compiler-h0pper'], ['again', 'compiler-h0pper']]]]) {
        assert.equal((await ask(page, `${site.origin}/admin/${action}`, { form, headers: { origin: '' } })).status, 403, action)
      }

      // Real pages of two other origins, which know every field: of another site,
      // and of the same one, for which SameSite would let the cookie through.
      for (const elsewhere of ['http://127.0.0.1:9/elsewhere', 'http://localhost:9/elsewhere']) {
        const inputs = fields.map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`).join('')
        await page.route(elsewhere, (route) => route.fulfill({ contentType: 'text/html', body: `<main><form method="post" action="${path}">${inputs}<button>Go</button></form></main>` }))
        await page.goto(elsewhere)
        assert.equal(await press(page, 'Go'), 403)
        await page.getByRole('heading', { name: 'This form did not come from this site. Nothing was saved.' }).waitFor()
      }
      assert.deepEqual(await userRow(victim.email, 'first_name'), [''])
      assert.equal((await open(page, '')).status(), 200, 'still signed in')
    }, { refused: ['request to another host: http://127.0.0.1:9/elsewhere', 403, 'request to another host: http://localhost:9/elsewhere', 403] })
  })

  test('what is hostile is shown as text wherever it is shown, and nothing of it runs', async () => {
    const script = '<script>window.__x=1</script>'
    const image = '"><img src=x onerror=window.__x=1>'
    const group = `javascript:alert(1)${image}`
    const agent = `javascript:alert(1) ${script}${image}`
    const email = `${script}@example.com`
    const evil = await user({ email, first: image, last: '{{.}}', staff: true, superuser: true })
    const { status } = await signInAtAPI(site, evil, agent)
    assert.equal(status, 200)
    await visit(site, async (page) => {
      await page.addInitScript(() => (window.__x = undefined))
      const plain = async (path, ...texts) => {
        await open(page, path)
        const found = await page.evaluate(() => ({
          ran: window.__x,
          shown: [document.body.textContent, ...[...document.querySelectorAll('input')].map(({ value, ariaLabel }) => `${value}\n${ariaLabel}`)].join('\n'),
          foreign: document.querySelectorAll('img, body script, iframe, [onerror], [onload], a[href^="javascript:" i]').length,
        }))
        assert.deepEqual([found.ran, found.foreign], [undefined, 0], path)
        for (const text of texts) assert.ok(found.shown.includes(text), `${path} does not show ${text}`)
      }
      await openAdmin(page, site.origin, evil, '/admin/groups/add/') // the menu has the address
      await fieldOf(page, 'name').fill(group)
      assert.equal(await press(page, 'Create group'), 303)
      await at(page, /groups\/\d+\/$/)
      const groupID = page.url().match(/(\d+)\/$/)[1]
      await open(page, `users/${evil.id}/`)
      await fieldOf(page, 'first_name').fill(`${image}2`)
      await page.getByLabel(group).check()
      assert.equal(await press(page, 'Save changes'), 303)
      const [[event]] = await site.sql(`SELECT max(id) FROM latchkey_event WHERE action = 'changed' AND target = ${quoted(email)}`)
      const [[session]] = await site.sql(`SELECT id FROM latchkey_session WHERE user_id = ${evil.id} AND channel = 'api'`)

      await plain('', email, image)
      await plain('users/?q=script', email, image, '{{.}}')
      await plain(`users/?group=${groupID}`, email, group)
      await plain(`users/${evil.id}/`, email, `${image}2`, '{{.}}', group)
      await plain(`users/${evil.id}/history/`, email, image, `${image}2`, group)
      await plain(`users/${evil.id}/password/`, email)
      await plain(`users/${evil.id}/delete/`, email)
      await plain(`users/do/?action=deactivate&key=${evil.id}&key=1`, email)
      await plain(`users/do/?action=delete&key=${evil.id}&key=1`, email)
      await plain('groups/', group)
      await plain(`groups/${groupID}/`, group)
      await plain(`groups/${groupID}/history/`, group)
      await plain(`groups/${groupID}/delete/`, group)
      await plain('sessions/?q=script', email, 'javascript:alert(1) ')
      await plain(`sessions/${session}/`, email, agent)
      await plain(`sessions/${session}/end/`, email)
      await plain('audit-log/?q=script', email)
      await plain(`audit-log/${event}/`, email, image, group)
      for (const text of [script, image, '{{.}}', 'javascript:alert(1)']) {
        const each = encodeURIComponent(text)
        await plain(`users/?q=${each}&o=${each}&p=${each}&is_staff=${each}&${each}=1`, text.slice(0, 40))
      }
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.evaluate(() => Object.assign(document.createElement('a'), { href: '/admin/users/export.csv?q=script' }).click()),
      ])
      const file = await readFile(await download.path(), 'utf8')
      assert.ok(file.includes(`${email},"""><img src=x onerror=window.__x=1>2",{{.}}`), file)

      // Ending it from the admin's page puts the user agent into an event.
      await open(page, `sessions/${session}/end/`)
      assert.equal(await press(page, 'End session'), 303)
      await plain(`users/${evil.id}/history/`, agent)
    })
  })

  test('who saves over another’s change is told of it first, and loses nothing', async () => {
    const shared = await user({ email: 'shared@example.com', first: 'Sha', last: 'Red' })
    const second = await user({ email: 'second@example.com', staff: true, superuser: true })
    const own = `/admin/users/${shared.id}/`
    await visit(site, async (mine) => {
      await openAdmin(mine, site.origin, root, own)
      await visit(site, async (theirs) => {
        await openAdmin(theirs, site.origin, second, own)
        await fieldOf(theirs, 'first_name').fill('Shannon')
        assert.equal(await press(theirs, 'Save changes'), 303)
      })
      await fieldOf(mine, 'last_name').fill('Redford')
      assert.equal(await press(mine, 'Save changes'), 409)
      await reads(noticeOf(mine), /^second@example\.com has changed this since you opened it: first_name is now “Shannon”\..*not saved/)
      await holds(fieldOf(mine, 'first_name'), 'Sha')
      await holds(fieldOf(mine, 'last_name'), 'Redford')
      assert.deepEqual(await userRow(shared.email, 'first_name, last_name'), ['Shannon', 'Red'])
      assert.equal(await press(mine, 'Save changes'), 303)
      assert.deepEqual(await userRow(shared.email, 'first_name, last_name'), ['Sha', 'Redford'])

      // A Django beside us leaves no event.
      await site.sql(`UPDATE users_user SET first_name = 'Django' WHERE id = ${shared.id}`)
      await fieldOf(mine, 'last_name').fill('Redgrave')
      assert.equal(await press(mine, 'Save changes'), 409)
      await reads(noticeOf(mine), /has changed this since you opened it/)
      await holds(fieldOf(mine, 'last_name'), 'Redgrave')
    }, { refused: [409, 409] })
  })

  test('without JavaScript: sign in, search, filter, sort, deactivate two, sign out', async () => {
    for (const [i, name] of ['cara', 'abe', 'bea'].entries()) await user({ email: `nojs-${name}@example.com`, first: name, staff: i === 0 })
    await visit(site, async (page) => {
      await open(page, '')
      assert.equal(await signInStaff(page, root), 303)
      await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Users' }).click()
      await page.getByRole('searchbox').fill('nojs-')
      await page.getByRole('button', { name: 'Search' }).click()
      await readsAll(listed(page), ['abe', 'bea', 'cara'].map((name) => `nojs-${name}@example.com`))
      await page.getByLabel('Staff').selectOption({ label: 'Not staff' })
      await page.getByRole('button', { name: 'Search' }).click()
      await page.locator('.count').getByText('2 of ').waitFor()
      await readsAll(listed(page), ['abe', 'bea'].map((name) => `nojs-${name}@example.com`))
      const firstName = page.getByRole('columnheader', { name: 'First name' })
      await firstName.getByRole('link').click()
      await has(firstName, 'aria-sort', 'ascending')
      await firstName.getByRole('link').click()
      await has(page.locator('th[aria-sort]'), 'aria-sort', 'descending')
      await readsAll(listed(page), ['bea', 'abe'].map((name) => `nojs-${name}@example.com`))
      await goOnWith(page, 'Deactivate', ['nojs-abe@example.com', 'nojs-bea@example.com'])
      assert.equal(await press(page, 'Deactivate'), 303)
      await reads(flashOf(page), '2 users deactivated.')
      await page.locator('summary').click()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await reads(flashOf(page), 'You are signed out.')
      assert.equal(await adminCookie(page), undefined)
    }, { javaScriptEnabled: false })
  })

  test('with the keyboard alone: sign in, search, open one, and the menu closes on Escape', async () => {
    const target = await user({ email: 'keyboard@example.com' })
    await visit(site, async (page) => {
      const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim().replace(/\s+/g, ' '))
      const tabTo = async (what) => {
        for (let i = 0; i < 40; i++) {
          await page.keyboard.press('Tab')
          if ((await focused()).includes(what)) return
        }
        assert.fail(`Tab does not lead to ${what}`)
      }
      await open(page, 'users/')
      const stops = []
      for (let i = 0; i < 6; i++) {
        await page.keyboard.press('Tab')
        stops.push(await focused())
      }
      assert.deepEqual(stops, ['Skip to content', 'latchkey admin', 'View site', 'field-email', 'field-password', 'Sign in'])
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.type(root.email)
      await page.keyboard.press('Tab')
      await page.keyboard.type(good)
      await page.keyboard.press('Enter')
      await page.waitForURL(`${site.origin}/admin/users/`)
      await page.keyboard.press('/')
      await becomes(focused, 'search')
      await page.keyboard.type('keyboard@')
      await page.keyboard.press('Enter')
      await page.waitForURL('**/users/?q=keyboard%40')
      await tabTo(target.email)
      await page.keyboard.press('Enter')
      await page.waitForURL(`${site.origin}/admin/users/${target.id}/`)
      await tabTo('Your account')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      await page.keyboard.press('Tab')
      await becomes(focused, 'Change password')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'hidden' })
      await becomes(focused, /^RO?Your account/)
    })
  })

  test('an address that makes no sense gets a page that says so', async () => {
    await visit(site, async (page) => {
      await asRoot(page)
      for (const path of [
        'nope/', 'login/nope/', 'setup/nope/', 'users/999999999/', 'users/0/', 'users/-1/', 'users/01/', 'users/abc/', 'users/9223372036854775808/', 'users/1%00/', 'users/%ff/',
        'users/1/nope/', 'users/1/history/nope/', 'groups/77/', 'groups/x/history/', 'sessions/x/', 'sessions/%00/', "sessions/'%3B--/", 'sessions/add/', 'audit-log/0/', 'audit-log/99999999/',
        'audit-log/1/delete/', 'audit-log/1/history/', 'sessions/export.csv', 'users/do/?action=delete&key=abc', 'users/do/?action=delete&key=1&key=999999999',
      ]) {
        const answer = await ask(page, `${site.origin}/admin/${path}`)
        assert.equal(answer.status, 404, path)
        assert.match(answer.body, /<h1>(Page not found|This \w+ does not exist)/, path)
      }
      for (const [query, says] of [
        ['p=0', /Page “0” does not exist\. This is the first page\./],
        ['p=-1', /Page “-1” does not exist/],
        ['p=1000000000000000000', /Page “1000000000000000000” does not exist/],
        ['p=1e3', /Page “1e3” does not exist/],
        ['p=77', /Page 77 does not exist\./],
        ['o=password', /Cannot sort by “password”/],
        ['o=--email', /Cannot sort by/],
        ['is_staff=maybe', /“maybe” is not a valid choice for the “Staff” filter/],
        ['group=999', /“999” is not a valid choice for the “Group” filter/],
        ['date_joined=1970', /“1970” is not a valid choice/],
        ['foo=1', /Unknown filter “foo”/],
        ['q=%00', /The search contains invalid characters/],
        ['q=%ff', /The search contains invalid characters/],
        [`q=${'x'.repeat(301)}`, /A search can have at most 300 characters/],
      ]) {
        for (const list of ['users', 'groups', 'sessions', 'audit-log']) {
          const answer = await ask(page, `${site.origin}/admin/${list}/?${query}`)
          assert.equal(answer.status, 200, `${list} ${query}`)
          if (list === 'users') assert.match(answer.body, says, query)
        }
      }
      await open(page, 'users/?p=0&o=password&is_staff=maybe')
      await counts(noticeOf(page), 3)
      await seen(listed(page).getByText(root.email, { exact: true }))
      for (const query of ['q=%', 'q=_%25_', "q='", 'q="', 'q=*', 'q=a"b*', 'q=AND', 'q=\\', 'q=%zz', 'q=a;b', 'q=é', 'q=日本', 'is_staff=yes&is_staff=no', 'p=2&p=3']) {
        for (const list of ['users', 'groups', 'sessions', 'audit-log']) {
          assert.equal((await ask(page, `${site.origin}/admin/${list}/?${query}`)).status, 200, `${list} ${query}`)
        }
      }
      const file = await ask(page, `${site.origin}/admin/users/export.csv?is_staff=maybe`)
      assert.equal(file.status, 422)
      assert.match(file.body, /is not a valid choice/)
      const put = await fetch(`${site.origin}/admin/users/`, { method: 'PUT', body: 'x' })
      assert.equal(put.status, 405)
      await page.goto(`${site.origin}/admin`)
      await at(page, `${site.origin}/admin/`)
    })
  })

  test('a form that makes no sense, is too large, comes twice or too late is told so, and breaks nothing', async () => {
    await visit(site, async (page) => {
      await asRoot(page, 'users/add/')
      const add = `${site.origin}/admin/users/add/`
      const empty = await fieldsOf(page)
      const with_ = (fields, changes) => [...fields.filter(([name]) => !(name in changes)), ...Object.entries(changes)]
      const form = { email: 'form@example.com', password: 'compiler-h0pper', again: 'compiler-h0pper' }
      for (const [changes, says] of [
        [{ email: `${'x'.repeat(300)}@example.com` }, /has at most 254 characters/],
        [{ email: '' }, /This is required/],
        [{ email: 'ROOT@Example.COM' }, /already/],
        [{ email: 'nul\0@example.com' }, /no spaces or control characters/],
        [{ first_name: 'N\0UL' }, /This contains invalid characters/],
        [{ first_name: 'x'.repeat(151) }, /at most 150 characters/],
        [{ groups: '999999' }, /no longer exists/],
        [{ groups: 'abc' }, /no longer exists/],
        [{ permissions: '-5' }, /no longer exists/],
        [{ password: 'x'.repeat(5000), again: 'x'.repeat(5000) }, /./],
      ]) {
        const answer = await ask(page, add, { form: with_(empty, { ...form, ...changes }) })
        assert.equal(answer.status, 422, JSON.stringify(changes).slice(0, 80))
        assert.match(answer.body, says)
        assert.match(answer.body, /aria-invalid="true"|class="field pick faulty"/)
      }
      const large = await ask(page, add, { form: with_(empty, { ...form, first_name: 'x'.repeat(1 << 20) }) })
      assert.equal(large.status, 413)
      assert.match(large.body, /<h1>This form is larger than 256 KiB\. Nothing was saved\.<\/h1>/)
      const broken = await fetch(add, { method: 'POST', body: 'a=%zz', headers: { 'content-type': 'application/x-www-form-urlencoded', origin: site.origin, cookie: `latchkey_admin=${(await adminCookie(page)).value}` } })
      assert.equal(broken.status, 422)
      assert.match(await broken.text(), /could not be read/)

      // The same in the browser, whose own limits are off.
      await page.locator('#field-email').evaluate((input) => input.removeAttribute('maxlength'))
      await fieldOf(page, 'email').fill(`${'x'.repeat(300)}@example.com`)
      await fieldOf(page, 'first_name').fill('Kept')
      await page.getByLabel('No password').check()
      assert.equal(await press(page, 'Create user'), 422)
      await reads(faultOf(page, 'email'), 'An e-mail address has at most 254 characters.')
      await holds(fieldOf(page, 'first_name'), 'Kept')
      await ticked(page.getByLabel('No password'))
      await fieldOf(page, 'email').fill('Root@Example.com')
      assert.equal(await press(page, 'Create user'), 422)
      await reads(faultOf(page, 'email'), /already/)

      // Twice: made once.
      const made = await ask(page, add, { form: with_(empty, form) })
      assert.equal(made.status, 303)
      const again = await ask(page, add, { form: with_(empty, form) })
      assert.equal(again.status, 422)
      assert.match(again.body, /already/)
      assert.equal((await site.sql("SELECT count(*) FROM users_user WHERE lower(email) = 'form@example.com'"))[0][0], 1)
      const own = new URL(made.headers.get('location'), site.origin).href
      await page.goto(own)
      const change = with_(await fieldsOf(page), { first_name: 'Once' })
      for (let times = 0; times < 2; times++) assert.equal((await ask(page, own, { form: change })).status, 303)
      assert.equal((await site.sql("SELECT count(*) FROM latchkey_event WHERE target = 'form@example.com' AND action = 'changed'"))[0][0], 1)

      // Too late: it was deleted meanwhile.
      await page.goto(own)
      await site.sql("DELETE FROM users_user WHERE email = 'form@example.com'")
      await fieldOf(page, 'first_name').fill('Late')
      assert.equal(await press(page, 'Save changes'), 404)
      await page.getByRole('heading', { name: 'This user does not exist, or was deleted.' }).waitFor()
      for (const action of ['delete', 'password', 'end-sessions', 'activate', 'deactivate']) {
        assert.equal((await ask(page, `${own}${action}/`, { form: change })).status, 404, action)
      }
      assert.equal((await ask(page, `${site.origin}/admin/users/do/`, { form: [...change, ['action', 'delete'], ['key', '1'], ['key', '999999999']] })).status, 404)
      await openGroupGone(page)
    }, { refused: [422, 422, 404, 404] })
    assert.doesNotMatch(site.output(), /"level":"ERROR"/)
  })

  /** A group that is deleted while somebody has it open, and while a user's form offers it. */
  async function openGroupGone(page) {
    await open(page, 'groups/add/')
    await fieldOf(page, 'name').fill('Fleeting')
    assert.equal(await press(page, 'Create group'), 303)
    await page.waitForURL(/groups\/\d+\/$/)
    await site.sql("DELETE FROM auth_group WHERE name = 'Fleeting'")
    await fieldOf(page, 'name').fill('Late')
    assert.equal(await press(page, 'Save changes'), 404)
    await page.getByRole('heading', { name: 'This group does not exist, or was deleted.' }).waitFor()
  }

  test('a member of staff sees and does what the permissions allow, and no more', async () => {
    const clerk = await user({ email: 'clerk@example.com', staff: true, permissions: ['view_user', 'change_user'] })
    const other = await user({ email: 'other@example.com' })
    const [rootID] = await userRow(root.email, 'id')
    await visit(site, async (page) => {
      await openAdmin(page, site.origin, clerk)
      await readsAll(page.getByRole('navigation', { name: 'Admin' }).getByRole('link'), ['Users'])
      await counts(page.locator('.tile'), 1)
      await counts(page.getByRole('link', { name: /^Create/ }), 0)
      await counts(page.getByText('Recent activity'), 0)

      await open(page, 'users/')
      await counts(page.getByRole('link', { name: 'Create user' }), 0)
      await readsAll(page.getByLabel('With selected').locator('option'), ['Choose an action', 'Activate', 'Deactivate', 'Unlock'])
      await open(page, `users/${other.id}/`)
      await readsAll(page.locator('.heading-actions a'), ['History', 'Set password'])
      await disabled(fieldOf(page, 'is_superuser'))
      await counts(page.getByRole('heading', { name: 'Sessions' }), 0)

      // Ticked by hand, the flag is not taken; nor rights that the clerk does not have.
      const fields = await fieldsOf(page)
      const path = `${site.origin}/admin/users/${other.id}/`
      await ask(page, path, { form: [...fields, ['is_superuser', 'on']] })
      assert.equal(Boolean((await userRow(other.email, 'is_superuser'))[0]), false)
      await page.getByLabel('Can delete user').check()
      assert.equal(await press(page, 'Save changes'), 422)
      await page.getByText('You cannot grant users.delete_user, which you do not have yourself.').waitFor()
      await ticked(page.getByLabel('Can delete user'))

      for (const path of ['users/add/', `users/${other.id}/delete/`, `users/${other.id}/end-sessions/`, `users/do/?action=delete&key=${other.id}`, 'groups/', 'groups/add/', 'sessions/', 'audit-log/', 'audit-log/1/', 'audit-log/export.csv']) {
        const answer = await ask(page, `${site.origin}/admin/${path}`)
        assert.equal(answer.status, 403, path)
        assert.match(answer.body, /<h1>You do not have permission/, path)
      }
      assert.equal((await open(page, 'groups/')).status(), 403)
      await page.getByRole('link', { name: 'Go to admin home' }).click()
      await page.waitForURL(`${site.origin}/admin/`)

      // A superuser is out of reach.
      const [before] = await userRow(root.email, 'password')
      await open(page, `users/${rootID}/`)
      await fieldOf(page, 'first_name').fill('Owned')
      assert.equal(await press(page, 'Save changes'), 403)
      await reads(noticeOf(page), 'Only a superuser can change a superuser.')
      await open(page, `users/${rootID}/password/`)
      await fieldOf(page, 'password').fill('compiler-h0pper')
      await fieldOf(page, 'again').fill('compiler-h0pper')
      assert.equal(await press(page, 'Set password'), 403)
      await open(page, 'users/')
      await goOnWith(page, 'Deactivate', [root.email])
      assert.equal(await press(page, 'Deactivate'), 403)
      const [name, password, active] = await userRow(root.email, 'first_name, password, is_active')
      assert.deepEqual([name, password, Boolean(active)], ['', before, true])
    }, { refused: [422, 403, 403, 403, 403] })
  })

  test('who may only look gets nothing to press, and who may nothing is told so', async () => {
    const viewer = await user({ email: 'viewer@example.com', staff: true, permissions: ['view_user'] })
    const nobody = await user({ email: 'nothing@example.com', staff: true })
    await visit(site, async (page) => {
      await openAdmin(page, site.origin, viewer, `/admin/users/${nobody.id}/`)
      await counts(page.locator('main').getByRole('button'), 0)
      await readsAll(page.locator('.heading-actions a'), ['History'])
      await has(fieldOf(page, 'email'), 'readonly', '')
      await disabled(fieldOf(page, 'is_staff'))
      assert.equal((await ask(page, `${site.origin}/admin/users/${nobody.id}/`, { form: await fieldsOf(page) })).status, 403)
      await open(page, 'users/')
      await counts(page.getByLabel('With selected'), 0)
      await counts(page.locator('.list input'), 0)
    })
    await visit(site, async (page) => {
      await openAdmin(page, site.origin, nobody)
      await page.getByRole('heading', { name: 'You do not have access to anything yet' }).waitFor()
      await counts(page.getByRole('navigation', { name: 'Admin' }).getByRole('link'), 0)
      assert.equal((await ask(page, `${site.origin}/admin/users/`)).status, 403)
      assert.equal((await open(page, 'password/')).status(), 200)
    })
  })
})

describe('the admin site on https', { timeout: 600_000 }, () => {
  let site
  before(async () => {
    site = await startServer({ LATCHKEY_PUBLIC_URL: 'https://admin.example' })
  })
  after(() => site?.stop())

  test('its cookies are for https and this host alone', async () => {
    const answer = await fetch(`${site.origin}/admin/login/`, {
      method: 'POST',
      headers: { origin: 'https://admin.example', 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ email: site.user.email, password: site.user.password }),
      redirect: 'manual',
    })
    assert.equal(answer.status, 303)
    const cookies = answer.headers.getSetCookie()
    assert.match(cookies.find((each) => each.startsWith('__Host-latchkey_admin=')), /^__Host-latchkey_admin=[^;]{40,}; Path=\/; Max-Age=86400; HttpOnly; Secure; SameSite=Lax$/)
    for (const each of cookies) {
      assert.match(each, /^__Host-/)
      assert.match(each, /; Secure/)
      assert.match(each, /; HttpOnly/)
    }
    const session = cookies.find((each) => each.startsWith('__Host-latchkey_admin=')).split(';')[0]
    const page = await fetch(`${site.origin}/admin/`, { headers: { cookie: session }, redirect: 'manual' })
    assert.equal(page.status, 200)
    const unprefixed = await fetch(`${site.origin}/admin/`, { headers: { cookie: session.replace('__Host-', '') }, redirect: 'manual' })
    assert.equal(unprefixed.status, 303)
  })
})
