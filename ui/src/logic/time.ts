// Times as people read them. Pure: "now" and the zone are arguments.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "just now", "5 min ago", "3 h ago", "yesterday 14:02", "12 Mar 2026, 14:02". */
export function ago(at: string | Date, now: Date, zone?: string): string {
  const then = new Date(at)
  if (Number.isNaN(then.getTime())) return 'unknown'
  const gone = now.getTime() - then.getTime()
  if (gone < -MINUTE) return absolute(then, zone)
  if (gone < MINUTE) return 'just now'
  if (gone < HOUR) return `${Math.floor(gone / MINUTE)} min ago`
  if (gone < DAY) return `${Math.floor(gone / HOUR)} h ago`
  if (gone < 7 * DAY) {
    const days = Math.floor(gone / DAY)
    return days === 1 ? '1 day ago' : `${days} days ago`
  }
  return day(then, zone)
}

export function day(at: string | Date, zone?: string): string {
  return new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: zone }).format(
    new Date(at),
  )
}

export function absolute(at: string | Date, zone?: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: zone,
  }).format(new Date(at))
}

/** "2026-03-12 14:02:33 UTC". */
export function utc(at: string | Date): string {
  const then = new Date(at)
  if (Number.isNaN(then.getTime())) return 'unknown'
  return `${then.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** "45 s", "12 min", "3 h", "5 days". */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.round(ms / 1000))} s`
  if (ms < HOUR) return `${Math.round(ms / MINUTE)} min`
  if (ms < 2 * DAY) return `${Math.round(ms / HOUR)} h`
  return `${Math.round(ms / DAY)} days`
}

export const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const

/** Turns 168 hours of a week in UTC into the viewer's, `offset` in minutes east of UTC (whole hours count). */
export function localWeek(week: readonly number[], offset: number): number[] {
  const by = Math.round(offset / 60)
  return week.map((_, hour) => week[(((hour - by) % 168) + 168) % 168] ?? 0)
}

/** The viewer's offset in minutes east of UTC. */
export function viewerOffset(at: Date): number {
  return -at.getTimezoneOffset()
}

export interface Window {
  weekday: number
  from_hour: number
  until_hour: number
}

/** A window in UTC as the viewer's weekday and hours: "Sunday 02:00–05:00". */
export function windowWords(window: Window, offset: number): string {
  const by = Math.round(offset / 60)
  const start = (((window.weekday * 24 + window.from_hour + by) % 168) + 168) % 168
  const length = window.until_hour - window.from_hour
  const until = (start % 24) + length
  const name = WEEKDAYS[Math.floor(start / 24)] ?? ''
  const clock = (hour: number) => `${String(hour > 24 ? hour - 24 : hour).padStart(2, '0')}:00`
  return `${name} ${clock(start % 24)}–${clock(until)}`
}
