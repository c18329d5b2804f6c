// Takes screenshots of single pages while developing: node e2e/look.mjs DIR [path…]
import { mkdirSync } from 'node:fs'
import { axe, openPage, settle, startBrowser, startMock } from './browser.mjs'

const [dir, ...paths] = process.argv.slice(2)
const wide = !process.env.NARROW
mkdirSync(dir, { recursive: true })
const mock = await startMock(...(process.env.MOCK ?? '').split(' ').filter(Boolean))
const browser = await startBrowser()
try {
  for (const scheme of (process.env.SCHEME ?? 'light,dark').split(',')) {
    for (const width of process.env.WIDTH ? [Number(process.env.WIDTH)] : wide ? [1440, 390] : [390]) {
      const { context, page, complaints } = await openPage(browser, mock.base, {
        scheme,
        width,
        height: width < 500 ? 844 : 900,
        who: process.env.WHO ?? 'admin',
      })
      for (const path of paths) {
        await page.goto(mock.base + path.replace('DEVICE', 'dev-dda529a800d2'))
        await settle(page).catch((error) => console.log(path, String(error).split('\n')[0]))
        const name = `${path.replace(/[^a-z]+/gi, '_')}-${scheme}-${width}.png`
        await page.screenshot({ path: `${dir}/${name}`, fullPage: Boolean(process.env.FULL) })
        for (const violation of await axe(page)) console.log(name, violation)
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        if (over > 0) console.log(name, `is ${over} px too wide`)
        for (const line of complaints.splice(0)) console.log(name, 'console:', line)
      }
      await context.close()
    }
  }
} finally {
  await browser.close()
  mock.stop()
}
