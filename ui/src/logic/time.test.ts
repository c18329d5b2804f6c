import { describe, expect, it } from 'vitest'
import { ago, localWeek, span, utc, windowWords } from './time'

const now = new Date('2026-03-12T14:00:00Z')

describe('how long ago', () => {
  it('is "just now" within a minute', () => expect(ago('2026-03-12T13:59:30Z', now)).toBe('just now'))
  it('is in minutes within an hour', () => expect(ago('2026-03-12T13:18:00Z', now)).toBe('42 min ago'))
  it('is in hours within a day', () => expect(ago('2026-03-12T09:00:00Z', now)).toBe('5 h ago'))
  it('is in days within a week', () => expect(ago('2026-03-10T12:00:00Z', now)).toBe('2 days ago'))
  it('is a date after that', () => expect(ago('2026-01-05T23:30:00Z', now, 'Europe/Berlin')).toBe('6 Jan 2026'))
  it('is a time for what is to come', () => expect(ago('2026-03-13T10:00:00Z', now, 'UTC')).toBe('13 Mar 2026, 10:00'))
  it('is unknown for nonsense', () => expect(ago('soon', now)).toBe('unknown'))
})

it('shows UTC to the second', () => expect(utc('2026-03-12T14:02:33.123Z')).toBe('2026-03-12 14:02:33 UTC'))

it('tells spans in the unit that fits', () => {
  expect(span(45_000)).toBe('45 s')
  expect(span(3 * 3_600_000)).toBe('3 h')
  expect(span(5 * 86_400_000)).toBe('5 days')
})

describe('weeks', () => {
  const week = Array.from({ length: 168 }, (_, hour) => hour)
  it('are turned to the viewer east of UTC', () => expect(localWeek(week, 120)[10]).toBe(8))
  it('wrap from Sunday to Monday', () => expect(localWeek(week, 60)[0]).toBe(167))
  it('are turned to the viewer west of UTC', () => expect(localWeek(week, -300)[167]).toBe(4))
  it('windows move to the viewer’s day', () =>
    expect(windowWords({ weekday: 6, from_hour: 23, until_hour: 24 }, 60)).toBe('Monday 00:00–01:00'))
  it('windows keep their length', () =>
    expect(windowWords({ weekday: 5, from_hour: 2, until_hour: 5 }, 0)).toBe('Saturday 02:00–05:00'))
})
