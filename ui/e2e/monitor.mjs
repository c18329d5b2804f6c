// The monitor in a real browser, as a person meets it: first run, sign in, search, a device, why, a peer, changes as they
// come, and a role that may not. Every page is looked at in both schemes, wide and narrow, with axe.
//
// MEDWARD: the program. WARD: a capture. KNOWLEDGE: a directory of feeds (optional). SHOTS: a folder for pictures (optional).
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const PASSWORD = 'correct horse battery staple 7'
const PAGES = [
  '/',
  '/devices',
  'DEVICE',
  'DEVICE?tab=peers',
  'DEVICE?tab=findings',
  '/findings',
  '/findings?by=one',
  '/map',
  '/map?as=table',
  '/places',
  '/use',
  '/changes',
  '/sensors',
  ...['account', 'people', 'single-sign-on', 'tokens', 'channels', 'integrations', 'identities', 'storage'].map(
    (part) => `/settings?part=${part}`,
  ),
  '/audit',
]
const SHOTS = process.env.SHOTS

const failures = []
const check = (what, good) => {
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}`)
  if (!good) failures.push(what)
}

async function start(folder) {
  const child = spawn(
    process.env.MEDWARD,
    [
      'serve',
      '--plain-http',
      '--listen',
      '127.0.0.1:0',
      '--data',
      folder,
      '--replay',
      process.env.WARD,
      '--speed',
      '8',
      ...(process.env.KNOWLEDGE ? ['--knowledge', process.env.KNOWLEDGE] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let password
  for await (const line of createInterface({ input: child.stdout })) {
    password = line.match(/one-time password (\S+)/)?.[1] ?? password
    const base = line.match(/^Medward is at (\S+)/)?.[1]
    if (base) {
      child.stdout.resume()
      return { child, base, password }
    }
  }
  throw new Error('the monitor did not start')
}

async function axe(page, where) {
  await page.evaluate(AXE)
  const found = await page.evaluate(() =>
    // Contrast counts as the eye sees it, after movement has ended.
    window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
  )
  for (const one of found.violations) {
    console.log(
      `     ${one.id}: ${one.help}: ${one.nodes
        .slice(0, 3)
        .map((node) => node.target.join(' '))
        .join(', ')}`,
    )
  }
  check(`${where}: no violation of WCAG 2.2 AA`, found.violations.length === 0)
}

const folder = mkdtempSync(join(tmpdir(), 'medward-e2e-'))
const { child, base, password } = await start(folder)
const said = []
let looking
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  looking = page
  // That no equipment list was taken in yet is an answer.
  const expected = (status, url) => status === 401 || (status === 404 && url.endsWith('/cmms/reconcile'))
  page.on('console', (message) => {
    const none = expected(404, message.location().url) && /404/.test(message.text())
    if (message.type() === 'error' && !none && !/401|GPU|WebGL/.test(message.text())) said.push(message.text())
  })
  page.on('response', (answer) => {
    if (answer.status() >= 400 && !expected(answer.status(), answer.url()))
      said.push(`${answer.status()} ${answer.url()}`)
  })
  page.on('pageerror', (error) => said.push(String(error)))
  const elsewhere = []
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(base) && !url.startsWith('data:') && !url.startsWith('blob:')) elsewhere.push(url)
  })

  // First run: the one-time password must be changed.
  await page.goto(base)
  await page.getByRole('textbox', { name: /name/i }).first().fill('admin')
  await page.locator('input[type=password]').first().fill(password)
  await page.getByRole('button', { name: /sign in/i }).click()
  await page.getByLabel('New password', { exact: true }).waitFor()
  check('the first sign-in asks for a password of one’s own', true)
  await page
    .getByLabel(/one-time password|password now/i)
    .first()
    .fill(password)
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('The new password again').fill(PASSWORD)
  await page.getByRole('button', { name: /set the password/i }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  check('the overview is shown after that', true)

  // A device that appears while one looks on.
  await page.goto(`${base}/devices`)
  await page.getByRole('heading', { name: 'Devices', level: 1 }).waitFor()
  const total = async () => (await (await context.request.get(`${base}/api/v1/devices?limit=1`)).json()).total
  const before = await total()
  let after = before
  for (let tries = 0; tries < 80 && after <= before; tries += 1) {
    await page.waitForTimeout(500)
    after = await total()
  }
  check(`devices appear while the capture is replayed (${before}, then ${after})`, after > before)

  // Search with the keyboard, open a device, ask why.
  await page.keyboard.press('/')
  await page.keyboard.type('is:medical')
  await page.waitForTimeout(1200)
  const list = await (await context.request.get(`${base}/api/v1/devices?q=is:medical&limit=50`)).json()
  check('the search finds medical devices', list.items.length > 0 && list.items.every((one) => one.medical))
  const one = list.items.find((device) => device.vendor && device.model) ?? list.items[0]
  await page.goto(`${base}/devices/${one.id}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  const why = page.getByRole('button', { name: /why/i }).first()
  await why.click()
  await page
    .getByText(/packet/i)
    .first()
    .waitFor()
  check('why is answered down to a packet', true)
  await page.keyboard.press('Escape')
  const peers = await (await context.request.get(`${base}/api/v1/devices/${one.id}/peers`)).json()
  check('the device has peers', peers.links.length > 0)

  // What is wrong, and why. The capture is still replayed: what is wrong shows when it comes to that.
  const found = async () => (await (await context.request.get(`${base}/api/v1/findings`)).json()).items.length > 0
  for (let tries = 0; tries < 90 && !(await found()); tries++) await page.waitForTimeout(1000)
  await page.goto(`${base}/findings`)
  await page.getByRole('heading', { name: 'Findings', level: 1 }).waitFor()
  await page
    .getByRole('button', { name: /which devices/i })
    .first()
    .click()
  await page.locator('.about .device-link').first().waitFor()
  check('a problem leads to the devices that it concerns', true)
  await page.goto(`${base}/findings?by=one`)
  await page
    .getByRole('button', { name: /why, and from whom/i })
    .first()
    .click()
  await page
    .getByText(/^Matched by/)
    .first()
    .waitFor()
  check('a finding says why', true)

  for (const [scheme, width] of [
    ['light', 1440],
    ['dark', 1440],
    ['light', 390],
    ['dark', 390],
  ]) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height: 900 })
    for (const path of PAGES) {
      const url = path.replace('DEVICE', `/devices/${one.id}`)
      await page.goto(base + url)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.waitForTimeout(900)
      const where = `${path} ${scheme} ${width}`
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      check(`${where}: fits the width`, wide <= 1)
      if (SHOTS) await page.screenshot({ path: join(SHOTS, `${path.replace(/\W+/g, '_')}-${scheme}-${width}.png`) })
      await axe(page, where)
    }
  }

  // Somebody whose role does not include it.
  const session = await (await context.request.get(`${base}/api/v1/session`)).json()
  const made = await context.request.post(`${base}/api/v1/people`, {
    headers: { 'x-medward-csrf': session.csrf },
    data: { name: 'nurse', display: 'A nurse', role: 'viewer', sites: null },
  })
  const once = (await made.json()).password
  const other = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const theirs = await other.newPage()
  await theirs.goto(base)
  await theirs.getByRole('textbox', { name: /name/i }).first().fill('nurse')
  await theirs.locator('input[type=password]').first().fill(once)
  await theirs.getByRole('button', { name: /sign in/i }).click()
  await theirs
    .getByLabel(/one-time password|password now/i)
    .first()
    .fill(once)
  await theirs.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await theirs.getByLabel('The new password again').fill(PASSWORD)
  await theirs.getByRole('button', { name: /set the password/i }).click()
  await theirs.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
  await theirs.goto(`${base}/audit`)
  await theirs.getByText(/may not see/i).waitFor()
  check('a viewer is told that the audit trail is not theirs to see', true)

  check(`no errors in the console${said.length ? `: ${said.slice(0, 3).join(' | ')}` : ''}`, said.length === 0)
  check(`nothing is asked for elsewhere${elsewhere.length ? `: ${elsewhere[0]}` : ''}`, elsewhere.length === 0)
} catch (error) {
  console.log(error, said.slice(0, 5))
  if (SHOTS && looking) await looking.screenshot({ path: join(SHOTS, 'failure.png') })
  failures.push(String(error).split('\n')[0])
} finally {
  await browser.close()
  child.kill('SIGTERM')
  await new Promise((ended) => child.on('exit', ended))
  rmSync(folder, { recursive: true, force: true })
}
if (failures.length) {
  console.log(`\n${failures.length} failed:\n  ${failures.join('\n  ')}`)
  process.exit(1)
}
console.log('\nall well')
