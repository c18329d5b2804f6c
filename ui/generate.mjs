// Writes src/api/described.ts: the shapes of the API as crates/api/openapi.json describes them. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'

const source = new URL('../crates/api/openapi.json', import.meta.url)
const target = new URL('./src/api/described.ts', import.meta.url)
const head = '// Generated from crates/api/openapi.json by `npm run generate`. Do not change it by hand.\n\n'
// Shapes only: paths are written where they are asked for.
const description = { ...JSON.parse(readFileSync(source, 'utf8')), paths: {} }
const text = head + astToString(await openapi(description, { alphabetize: true, defaultNonNullable: false }))

if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
} else if (readFileSync(target, 'utf8') !== text) {
  console.error('src/api/described.ts is not what crates/api/openapi.json describes: run `npm run generate`')
  process.exit(1)
}
