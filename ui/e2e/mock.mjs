// Every page in both themes and widths against the stand-in server: axe finds nothing, the console is quiet, nothing is
// asked of anybody else, nothing is too wide; then the ways that people go, by keyboard. Screenshots go to a folder.
//   npm run e2e:mock [-- FOLDER]
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { axe, openPage, settle, startBrowser, startMock } from './browser.mjs'
import { journeys } from './journeys.mjs'

const folder = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'medward-ui-'))
mkdirSync(folder, { recursive: true })

const mock = await startMock()
const browser = await startBrowser()
const failures = []
const fail = (where, what) => {
  failures.push(`${where}: ${what}`)
  console.log(`  ✗ ${where}: ${what}`)
}

async function look(shown, name, { page, complaints, outside }) {
  await settle(page)
  await page.screenshot({ path: join(folder, `${name}.png`) })
  for (const violation of await axe(page)) fail(shown, violation)
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (over > 0) fail(shown, `${over} px wider than the screen`)
  for (const line of complaints.splice(0)) fail(shown, `console: ${line}`)
  for (const url of outside.splice(0)) fail(shown, `asks somebody else: ${url}`)
}

const { id } = (await firstDevice()) ?? {}
const PAGES = [
  ['overview', '/'],
  ['devices', '/devices'],
  ['devices-found', '/devices?q=category:infusion-pump%20status:active&sort=name'],
  ['devices-none', '/devices?q=nothing-is-called-this'],
  ['device', `/devices/${id}`],
  ['device-why', `/devices/${id}?why=vendor`],
  ['device-peers', `/devices/${id}?tab=peers`],
  ['device-use', `/devices/${id}?tab=use`],
  ['device-where', `/devices/${id}?tab=where`],
  ['device-timeline', `/devices/${id}?tab=timeline`],
  ['map', '/map'],
  ['map-devices', '/map?group=device'],
  ['map-table', '/map?as=table'],
  ['places', '/places'],
  ['place-room', '/places?place=s0b0f1r2'],
  ['use', '/use'],
  ['use-devices', '/use?group=device&order=least'],
  ['changes', '/changes'],
  ['sensors', '/sensors'],
  ['audit', '/audit'],
  ...['account', 'people', 'tokens', 'channels', 'integrations', 'identities', 'storage'].map((part) => [
    `settings-${part}`,
    `/settings?part=${part}`,
  ]),
  ['lost', '/no/such/page'],
]

async function firstDevice() {
  const { context } = await openPage(browser, mock.base)
  const answer = await context.request.get(`${mock.base}/api/v1/devices?q=category:infusion-pump%20has:serial&limit=1`)
  await context.close()
  return (await answer.json()).items[0]
}

try {
  for (const scheme of ['light', 'dark']) {
    for (const width of [1440, 390]) {
      console.log(`Pages, ${scheme}, ${width} px`)
      const opened = await openPage(browser, mock.base, { scheme, width, height: width < 500 ? 844 : 900 })
      for (const [name, path] of PAGES) {
        await opened.page.goto(mock.base + path)
        await look(`${name} (${scheme}, ${width})`, `${name}-${scheme}-${width}`, opened).catch((error) =>
          fail(`${name} (${scheme}, ${width})`, String(error).split('\n')[0]),
        )
      }
      await opened.context.close()
      const out = await openPage(browser, mock.base, { scheme, width, who: '' })
      await out.page.goto(mock.base)
      await look(`sign-in (${scheme}, ${width})`, `sign-in-${scheme}-${width}`, out)
      await out.context.close()
    }
  }
  for (const [name, journey] of journeys) {
    try {
      await journey({ browser, base: mock.base, folder, look, id })
      console.log(`  ✓ ${name}`)
    } catch (error) {
      fail(
        name,
        String(error.stack ?? error)
          .split('\n')
          .slice(0, 4)
          .join('\n    '),
      )
    }
  }
} finally {
  await browser.close()
  mock.stop()
}
console.log(`Screenshots: ${folder}`)
if (failures.length) {
  console.log(`${failures.length} failures`)
  process.exit(1)
}
console.log('All is well.')
