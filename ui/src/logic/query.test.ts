import { describe, expect, it } from 'vitest'
import { complete, hasTerm, lastWord, nextSort, quoted, toggleTerm, words } from './query'

describe('the last word of a search', () => {
  it('is empty after a blank', () => expect(lastWord('vendor:BD ')).toBe(''))
  it('is what is being typed', () => expect(lastWord('vendor:BD cat')).toBe('cat'))
  it('goes on inside an open quote', () => expect(lastWord('category:"infusion pu')).toBe('category:"infusion pu'))
  it('ends after a closed quote', () => expect(lastWord('category:"infusion pump" ')).toBe(''))
})

describe('completing', () => {
  it('goes on with a field without a blank', () =>
    expect(complete('vendor:BD cat', 'category:')).toBe('vendor:BD category:'))
  it('ends a value with a blank', () => expect(complete('vendor:b', 'vendor:BD')).toBe('vendor:BD '))
  it('keeps a minus sign', () => expect(complete('-ven', 'vendor:')).toBe('-vendor:'))
  it('keeps a parenthesis', () => expect(complete('(ven', 'vendor:')).toBe('(vendor:'))
  it('replaces an open quote', () =>
    expect(complete('category:"infusion pu', 'category:"infusion pump"')).toBe('category:"infusion pump" '))
})

describe('terms', () => {
  it('are split at blanks outside of quotes', () => expect(words('a "b c" d:"e f"')).toEqual(['a', '"b c"', 'd:"e f"']))
  it('are quoted where they hold blanks', () => expect(quoted('GE HealthCare')).toBe('"GE HealthCare"'))
  it('are not quoted where they need not be', () => expect(quoted('sw-3/12')).toBe('sw-3/12'))
  it('cannot break out of quotes', () => expect(quoted('a" or "b')).toBe('"a or b"'))
  it('are found without regard to case', () => expect(hasTerm('Vendor:bd x', 'vendor:BD')).toBe(true))
  it('are added when absent', () => expect(toggleTerm('x', 'site:north')).toBe('x site:north'))
  it('are taken away when present', () => expect(toggleTerm('x site:north', 'site:north')).toBe('x'))
})

it('sorting twice by a column turns it around', () => {
  expect(nextSort('-last_seen', 'name')).toBe('name')
  expect(nextSort('name', 'name')).toBe('-name')
})
