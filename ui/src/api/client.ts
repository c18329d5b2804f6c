// Talks to the API: one function for every request, and one kind of error.
import type { ProblemBody } from './schema'

const BASE = '/api/v1'
let csrf: string | undefined
let onSignedOut: () => void = () => {}

/** What went wrong, in words for a person, and what to do about it. */
export class Problem extends Error {
  readonly status: number
  readonly type: string
  readonly advice: string
  constructor(status: number, body: ProblemBody) {
    super(body.detail || body.title || 'The request failed.')
    this.name = 'Problem'
    this.status = status
    this.type = body.type ?? ''
    this.advice = body.do ?? adviceFor(status)
  }
}

function adviceFor(status: number): string {
  if (status === 0) return 'Check that you are on the network, then try again.'
  if (status === 403) return 'Ask an administrator if you need this.'
  if (status === 404) return 'It may have been removed or merged with another.'
  if (status === 409 || status === 412) return 'Somebody else changed it. Load it again, then repeat your change.'
  if (status === 429) return 'Wait a minute, then try again.'
  return 'Try again. If it stays, look at the log of the monitor.'
}

export function setCsrf(value: string | undefined) {
  csrf = value
}
export function whenSignedOut(action: () => void) {
  onSignedOut = action
}

export type Params = Record<string, string | number | boolean | null | undefined>

/** Appends what is set; leaves out what is empty. */
export function address(path: string, params: Params = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== null && value !== '') search.set(key, String(value))
  }
  const text = search.toString()
  return `${BASE}${path}${text ? `?${text}` : ''}`
}

interface Ask {
  params?: Params
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

export async function ask<T>(method: string, path: string, { params, body, headers, signal }: Ask = {}): Promise<T> {
  const all: Record<string, string> = { Accept: 'application/json', ...headers }
  if (body !== undefined) all['Content-Type'] ??= 'application/json'
  if (method !== 'GET' && csrf) all['X-Medward-CSRF'] = csrf
  if (method === 'POST') all['Idempotency-Key'] ??= newKey()
  let answer: Response
  try {
    answer = await fetch(address(path, params), {
      method,
      headers: all,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal,
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(0, { detail: 'The monitor does not answer.' })
  }
  if (!answer.ok) {
    const text = await answer.text()
    let told: ProblemBody = {}
    try {
      told = JSON.parse(text) as ProblemBody
    } catch {
      told = { detail: `The monitor answered with error ${answer.status}.` }
    }
    if (answer.status === 401 && path !== '/session') onSignedOut()
    throw new Problem(answer.status, told)
  }
  if (answer.status === 204) return undefined as T
  const text = await answer.text()
  return (text ? JSON.parse(text) : undefined) as T
}

// crypto.randomUUID exists in secure contexts only; a monitor opened by plain address has random values all the same.
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const get = <T>(path: string, params?: Params, signal?: AbortSignal) => ask<T>('GET', path, { params, signal })
export const post = <T>(path: string, body?: unknown, params?: Params) => ask<T>('POST', path, { body, params })
export const put = <T>(path: string, body?: unknown) => ask<T>('PUT', path, { body })
export const patch = <T>(path: string, body: unknown, version?: number) =>
  ask<T>('PATCH', path, { body, headers: version === undefined ? {} : { 'If-Match': `"${version}"` } })
export const remove = <T>(path: string) => ask<T>('DELETE', path)
