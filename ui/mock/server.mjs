// A stand-in for the monitor, for developing the interface and testing it by itself. Invented data; never shipped.
//   node mock/server.mjs [--port 4180] [--devices 400] [--live] [--setup]
// People: admin (everything), viewer (may see little), auditor, new (must change the password), totp (code 123456).
// Any password of 4 or more characters is right, but "wrong".
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeAdmin } from './admin.mjs'
import { makeFindings } from './findings.mjs'
import { Refused, routes } from './routes.mjs'
import { BadQuery } from './search.mjs'
import { EVENT_KINDS, makeEvent, makeWorld } from './world.mjs'

const option = (name, preset) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? preset : (process.argv[at + 1] ?? preset)
}
const flag = (name) => process.argv.includes(`--${name}`)
const now = () => Date.now()
const world = makeWorld(Number(option('devices', 400)), now())
world.findings = makeFindings(world, now())
const state = {
  world,
  now,
  admin: makeAdmin(now()),
  annotations: new Map(),
  sessions: new Map(),
  setup: flag('setup'),
  listeners: new Set(),
}

const DIST = fileURLToPath(new URL('../dist/', import.meta.url))
const KINDS = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }
// The very policy that the monitor serves.
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

function send(response, status, body, headers = {}) {
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, {
    'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(text)
}

async function api(request, response, url) {
  const path = url.pathname.slice('/api/v1'.length)
  const cookie = /mock=(\w+)/.exec(request.headers.cookie ?? '')?.[1]
  const who = state.sessions.get(cookie)
  if (path === '/stream') {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(': hello\n\n')
    state.listeners.add(response)
    request.on('close', () => state.listeners.delete(response))
    return
  }
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  const raw = Buffer.concat(chunks).toString()
  const body = raw && request.headers['content-type']?.includes('json') ? JSON.parse(raw) : raw
  if (!who && path !== '/session') throw new Refused(401, 'You are not signed in.', 'Sign in.')
  if (who && request.method !== 'GET' && path !== '/session' && request.headers['x-medward-csrf'] !== 'mock-csrf')
    throw new Refused(403, 'The request did not come from this page.', 'Load the page again.')
  for (const [method, pattern, answer] of routes) {
    if (method !== request.method) continue
    const names = pattern.split('/')
    const parts = path.split('/')
    if (names.length !== parts.length || !names.every((name, n) => name.startsWith(':') || name === parts[n])) continue
    const args = Object.fromEntries(
      names.map((name, n) => [name.slice(1), decodeURIComponent(parts[n])]).filter((_, n) => names[n].startsWith(':')),
    )
    const result = await answer({ state, params: url.searchParams, args, body, who, cookie, response })
    if (result !== undefined && !response.headersSent) send(response, 200, result)
    else if (!response.headersSent) send(response, 204)
    return
  }
  throw new Refused(404, `There is nothing at ${path}.`, 'Check the address.')
}

async function file(response, path) {
  const wanted = normalize(join(DIST, path))
  const known = wanted.startsWith(DIST) && extname(wanted) in KINDS
  const data = await readFile(known ? wanted : join(DIST, 'index.html'))
  response.writeHead(200, {
    'content-type': KINDS[known ? extname(wanted) : '.html'],
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
  })
  response.end(data)
}

createServer(async (request, response) => {
  const url = new URL(request.url, 'http://mock')
  try {
    if (url.pathname.startsWith('/api/v1/')) await api(request, response, url)
    else await file(response, url.pathname)
  } catch (error) {
    const [status, advice] =
      error instanceof Refused
        ? [error.status, error.advice]
        : error instanceof BadQuery
          ? [400, 'Correct the search.']
          : error.code === 'ENOENT'
            ? [404, 'Run npm run build first.']
            : [500, 'Look at the log.']
    if (status === 500) console.error(error)
    if (!response.headersSent)
      send(response, status, {
        type: error.type ?? 'about:blank',
        title: error.message,
        status,
        detail: error.message,
        do: advice,
      })
  }
}).listen(Number(option('port', 4180)), '127.0.0.1', function () {
  console.log(`Mock monitor: http://127.0.0.1:${this.address().port}`)
})

setInterval(() => {
  for (const listener of state.listeners) listener.write(': still here\n\n')
}, 15_000).unref()
if (flag('live')) {
  let number = 1000
  setInterval(() => {
    const device = world.devices[(number * 37) % Math.min(world.devices.length, 400)]
    number += 1
    const event = makeEvent(device, EVENT_KINDS[number % EVENT_KINDS.length], number, new Date().toISOString())
    world.events.unshift(event)
    device.last_seen = event.at
    for (const listener of state.listeners) {
      listener.write(`id: ${number}\nevent: event\ndata: ${JSON.stringify(event)}\n\n`)
      listener.write(`event: devices\ndata: {"changed":1}\n\n`)
    }
  }, 4000)
}
