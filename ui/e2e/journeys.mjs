// The ways that people go, mostly by keyboard.
import assert from 'node:assert/strict'
import { openPage, settle, startMock } from './browser.mjs'

const focused = (page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent)

async function signedIn({ browser, base }, options) {
  const opened = await openPage(browser, base, options)
  await opened.page.goto(base)
  await settle(opened.page)
  return opened
}

export const journeys = [
  [
    'the skip link leads to the page',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.keyboard.press('Tab')
      assert.equal(await focused(page), 'Skip to the page')
      await page.keyboard.press('Enter')
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'main')
      await context.close()
    },
  ],
  [
    'the palette finds a page, and a device on the server',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Name, address, serial number').fill('sensors')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: 'Sensors' }).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByPlaceholder('Name, address, serial number').fill('pump')
      await page.getByText('Devices', { exact: true }).last().waitFor()
      await page
        .getByRole('button', { name: /Infusion pump/ })
        .first()
        .click()
      await page.getByRole('heading', { level: 2, name: 'Identity' }).waitFor()
      await context.close()
    },
  ],
  [
    'slash goes to the search; completion fills in; Enter goes to the table; arrows and j move; Enter opens',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.getByRole('link', { name: 'Devices', exact: true }).click()
      await page.getByRole('grid', { name: 'Devices' }).waitFor()
      await page.keyboard.press('/')
      assert.equal(await focused(page), 'Search devices')
      await page.keyboard.type('cat')
      await page
        .getByRole('option', { name: /category/ })
        .first()
        .waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.keyboard.type('infusion')
      await page
        .getByRole('option', { name: /infusion-pump/ })
        .first()
        .waitFor()
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.waitForURL(/category/)
      await page.getByText(/devices found/).waitFor()
      await page.keyboard.press('Enter')
      assert.equal(await focused(page), 'Devices')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('j')
      await page.keyboard.press('k')
      const active = await page.getByRole('grid').getAttribute('aria-activedescendant')
      await page.keyboard.press('Enter')
      await page.waitForURL(`**/devices/${active.replace('row-', '')}`)
      await context.close()
    },
  ],
  [
    'a value tells why, down to a packet',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.goto(`${at.base}/devices/${at.id}`)
      await page.getByRole('button', { name: /^Vendor/ }).focus()
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog')
      await dialog.getByText(/Medward believes the vendor is/).waitFor()
      await dialog.getByText(/^#\d+/).first().waitFor()
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await context.close()
    },
  ],
  [
    'tags of many devices change at once',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.goto(`${at.base}/devices?q=category:ct`)
      await page.getByRole('grid').focus()
      await page.keyboard.press(' ')
      await page.keyboard.press('j')
      await page.keyboard.press('x')
      await page.getByText('2 devices chosen').waitFor()
      await page.getByRole('button', { name: 'Change', exact: true }).click()
      await page.getByLabel('Add tags').fill('checked')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Change 2 devices' }).click()
      await page.getByText('2 devices changed.').waitFor()
      await context.close()
    },
  ],
  [
    'notes of a device are changed and kept',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.goto(`${at.base}/devices/${at.id}`)
      await page.getByRole('button', { name: 'Change', exact: true }).click()
      await page.getByLabel('Owner').fill('Ward 9')
      await page.getByRole('button', { name: 'Plan maintenance' }).click()
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByText('In maintenance until').waitFor()
      await page.getByRole('definition').filter({ hasText: 'Ward 9' }).waitFor()
      await context.close()
    },
  ],
  [
    'an equipment list is mapped, compared and imported',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.goto(`${at.base}/settings?part=integrations`)
      const buffer = Buffer.from('Manufacturer,Serial Number,Colour\nBD,SN1,red\nPhilips,SN2,blue\n')
      await page.getByRole('button', { name: 'Import a list' }).waitFor()
      await page.locator('input[type=file]').setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer })
      assert.equal(await page.getByRole('combobox', { name: 'What Serial Number is' }).inputValue(), 'Serial number')
      await page.getByRole('button', { name: 'Compare first' }).click()
      await page.getByText('Nothing is imported yet').waitFor()
      await at.look('import', 'settings-import-light-1440', { page, complaints: [], outside: [] })
      await page.getByRole('button', { name: 'Import 2 rows' }).click()
      await page.getByText('2 rows imported.').waitFor()
      await context.close()
    },
  ],
  [
    'the authenticator is set up with a picture drawn here',
    async (at) => {
      const opened = await signedIn(at)
      const { page, context } = opened
      await page.goto(`${at.base}/settings?part=account`)
      await page.getByRole('button', { name: 'Set it up' }).click()
      await page.getByRole('img', { name: /QR code/ }).waitFor()
      await at.look('authenticator', 'settings-authenticator-light-1440', opened)
      await page.getByLabel('Code', { exact: true }).fill('123456')
      await page.getByRole('button', { name: 'Switch it on' }).click()
      await page.getByText('asks for a code').waitFor()
      await context.close()
    },
  ],
  [
    'signing in: wrong, then with a code',
    async (at) => {
      const opened = await openPage(at.browser, at.base, { who: '' })
      const { page, context } = opened
      await page.goto(`${at.base}/devices`)
      await page.getByLabel('Name').fill('totp')
      await page.getByLabel('Password', { exact: true }).fill('wrong')
      await page.keyboard.press('Enter')
      await page.getByRole('alert').getByText('The name or the password is wrong.').waitFor()
      await page.getByLabel('Password', { exact: true }).fill('right enough')
      await page.keyboard.press('Enter')
      await page.getByLabel('Digit 1 of 6').waitFor()
      opened.complaints.splice(0)
      await at.look('sign-in code', 'sign-in-code-light-1440', opened)
      await page.getByLabel('Digit 1 of 6').focus()
      await page.keyboard.type('123456')
      await page.getByRole('grid', { name: 'Devices' }).waitFor()
      await context.close()
    },
  ],
  [
    'a viewer sees no settings of others and no audit, and is told so',
    async (at) => {
      const opened = await openPage(at.browser, at.base, { who: 'viewer' })
      const { page, context } = opened
      await page.goto(at.base)
      await settle(page)
      assert.equal(await page.getByRole('link', { name: 'Audit' }).count(), 0)
      await page.goto(`${at.base}/audit`)
      await page.getByText('You may not see the audit trail').waitFor()
      await page.goto(`${at.base}/devices`)
      await page.getByRole('grid').waitFor()
      assert.equal(await page.getByRole('checkbox').count(), 0)
      await page.goto(`${at.base}/use`)
      await page.getByText('You may not see how devices are used').waitFor()
      await at.look('forbidden', 'forbidden-light-1440', opened).catch((error) => {
        if (!String(error).includes('h1')) throw error
      })
      await context.close()
    },
  ],
  [
    'every page says what to do when the server fails, and tries again',
    async (at) => {
      const { page, context } = await signedIn(at)
      for (const path of [
        '/',
        '/devices',
        `/devices/${at.id}`,
        '/map',
        '/places',
        '/use',
        '/changes',
        '/sensors',
        '/audit',
        '/settings?part=people',
      ]) {
        await page.route(/\/api\/v1\/(?!session|stream)/, (route) =>
          route.fulfill({
            status: 503,
            contentType: 'application/problem+json',
            body: JSON.stringify({
              title: 'Unavailable',
              detail: 'The database is not available.',
              do: 'Wait a minute.',
            }),
          }),
        )
        await page.goto(at.base + path)
        await page.getByText('The database is not available.').first().waitFor({ timeout: 15_000 })
        await page.unroute(/\/api\/v1\/(?!session|stream)/)
        await page.getByRole('button', { name: 'Try again' }).first().click()
        await page.getByText('The database is not available.').first().waitFor({ state: 'detached' })
      }
      await context.close()
    },
  ],
  [
    'question mark shows the keys; the scheme switches and stays',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.keyboard.press('?')
      await page.getByRole('dialog', { name: 'Keys' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Dark or light' }).click()
      await page.getByRole('menuitem', { name: 'Dark' }).click()
      await page.reload()
      await settle(page)
      assert.equal(await page.getAttribute('html', 'data-mantine-color-scheme'), 'dark')
      await context.close()
    },
  ],
  [
    'the tree of places opens and closes by arrows',
    async (at) => {
      const { page, context } = await signedIn(at)
      await page.goto(`${at.base}/places`)
      const tree = page.getByRole('tree')
      await tree.getByRole('treeitem').first().focus()
      const before = await tree.getByRole('treeitem').count()
      await page.keyboard.press('ArrowLeft')
      assert.ok((await tree.getByRole('treeitem').count()) < before)
      await page.keyboard.press('ArrowRight')
      assert.equal(await tree.getByRole('treeitem').count(), before)
      await context.close()
    },
  ],
  [
    'a first run leads from the one-time password to the overview',
    async (at) => {
      const mock = await startMock('--setup')
      try {
        const opened = await openPage(at.browser, mock.base, { who: '' })
        const { page, context } = opened
        await page.goto(mock.base)
        await page.getByRole('heading', { name: 'Welcome to Medward' }).waitFor()
        await at.look('first run', 'setup-1-light-1440', opened)
        await page.getByLabel('One-time password').fill('printed-once')
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { name: 'Choose your password' }).waitFor()
        await at.look('first password', 'setup-2-light-1440', opened)
        await page.getByLabel('One-time password').fill('printed-once')
        await page.getByLabel('New password', { exact: true }).fill('a lantern above the quay')
        await page.getByLabel('The new password again').fill('a lantern above the quay')
        await page.keyboard.press('Enter')
        await page.getByLabel('Name of the hospital').fill('St. Anna')
        await at.look('network name', 'setup-3-light-1440', opened)
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
        await context.close()
      } finally {
        mock.stop()
      }
    },
  ],
  [
    'live events wait above the list until they are asked for',
    async (at) => {
      const mock = await startMock('--live')
      try {
        const { page, context } = await openPage(at.browser, mock.base)
        await page.goto(`${mock.base}/changes`)
        const button = page.getByRole('button', { name: /new event/ })
        await button.waitFor({ timeout: 15_000 })
        await button.click()
        await page.getByText('just now').first().waitFor()
        await context.close()
      } finally {
        mock.stop()
      }
    },
  ],
  [
    'a table of 100,000 devices scrolls without a long task',
    async (at) => {
      const mock = await startMock('--devices', '100000')
      try {
        const { page, context } = await openPage(at.browser, mock.base)
        await page.goto(`${mock.base}/devices`)
        await page.getByText('100,003 devices').waitFor()
        await page.evaluate(() => {
          window.longest = 0
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration)
          }).observe({ type: 'longtask' })
        })
        await page.getByRole('grid').focus()
        for (let n = 0; n < 60; n += 1) await page.keyboard.press('PageDown')
        await page.waitForFunction(() => document.querySelectorAll('.grid-body .grid-row').length > 10)
        const rows = await page.locator('.grid-body .grid-row').count()
        const longest = await page.evaluate(() => window.longest)
        console.log(`    ${rows} rows in the page, longest task ${Math.round(longest)} ms`)
        assert.ok(rows < 120, `${rows} rows exist; only those in sight should`)
        await context.close()
      } finally {
        mock.stop()
      }
    },
  ],
]
