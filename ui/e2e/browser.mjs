// Starts the stand-in server and Chromium, and looks at pages: axe, console, screenshots.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const AXE = require('axe-core').source
const SERVER = fileURLToPath(new URL('../mock/server.mjs', import.meta.url))

export async function startMock(...args) {
  const child = spawn(process.execPath, [SERVER, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  return { base: /http:\S+/.exec(String(line))[0], stop: () => child.kill() }
}

export function startBrowser() {
  return chromium.launch({
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
}

/** A page of its own, signed in unless `who` is empty; what the console complains of is collected. */
export async function openPage(browser, base, { who = 'admin', scheme = 'light', width = 1440, height = 900 } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
    locale: 'en-GB',
  })
  if (who) {
    const answer = await context.request.post(`${base}/api/v1/session`, {
      data: { name: who, password: 'long enough' },
    })
    if (!answer.ok()) throw new Error(`signing in as ${who} failed: ${answer.status()}`)
  }
  const page = await context.newPage()
  const complaints = []
  const outside = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !/GPU stall|WebGL|GL Driver/.test(message.text()))
      complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !/^(data|blob|about):/.test(request.url())) outside.push(request.url())
  })
  return { context, page, complaints, outside }
}

/** Waits until the page shows what it has: nothing is loading any more. */
export async function settle(page) {
  await page.waitForSelector('h1', { timeout: 5000 })
  await page.waitForFunction(
    () => !document.querySelector('.mantine-Skeleton-root, .mantine-Loader-root:not([data-inert])'),
    undefined,
    { timeout: 8000 },
  )
  await page.evaluate(() => document.fonts.ready)
  await page.waitForTimeout(150)
}

/** Violations of WCAG 2.2 AA, in words. */
export async function axe(page) {
  // Evaluated, not added as a script: the page's policy forbids inline scripts, and shall.
  await page.evaluate(AXE)
  const result = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      // The head of an open dialog is a <header> of its own; both rules are advice, not WCAG.
      rules: { 'landmark-no-duplicate-banner': { enabled: false }, 'landmark-unique': { enabled: false } },
    }),
  )
  return result.violations.map(
    (v) =>
      `${v.id}: ${v.help} (${v.nodes.length}×) ${v.nodes
        .slice(0, 3)
        .map((n) => `${n.html.slice(0, 160)} | ${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ''}`)
        .join('\n      ')}`,
  )
}
