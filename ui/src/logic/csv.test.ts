import { describe, expect, it } from 'vitest'
import { bits, bytes, percent, short } from './amount'
import { complaint, guess, mapped, readCsv } from './csv'

describe('reading CSV', () => {
  it('keeps separators, quotes and line ends inside quotes', () =>
    expect(readCsv('a,b\n"x, ""y""","1\n2"\n')).toEqual({
      columns: ['a', 'b'],
      rows: [['x, "y"', '1\n2']],
      uneven: [],
    }))
  it('understands semicolons', () => expect(readCsv('a;b\n1;2').rows).toEqual([['1', '2']]))
  it('skips the byte order mark and empty lines', () =>
    expect(readCsv('\uFEFFa,b\r\n\r\n1,2\r\n').columns).toEqual(['a', 'b']))
  it('tells rows that are too short', () => expect(readCsv('a,b\n1\n1,2').uneven).toEqual([1]))
})

describe('mapping columns', () => {
  it('knows names whatever their case and spacing', () =>
    expect(guess(['Manufacturer', 'Serial Number', 'MAC Address'])).toEqual({
      Manufacturer: 'vendor',
      'Serial Number': 'serial',
      'MAC Address': 'mac',
    }))
  it('gives a field once, to the better name', () =>
    expect(guess(['ID', 'Asset Tag'])).toEqual({ ID: '', 'Asset Tag': 'asset_tag' }))
  it('leaves what it does not know', () => expect(guess(['Colour'])).toEqual({ Colour: '' }))
  it('keeps unmapped columns under their own name', () =>
    expect(mapped(readCsv('SN,Colour,IP\n1,red,'), { SN: 'serial', Colour: '', IP: 'ip' })).toEqual([
      { serial: '1', Colour: 'red' },
    ]))
  it('complains of a field given twice', () => expect(complaint({ a: 'serial', b: 'serial' })).toContain('Two columns'))
  it('complains when nothing tells devices apart', () => expect(complaint({ a: 'vendor' })).toContain('at least one'))
  it('is content with a serial number', () => expect(complaint({ a: 'serial', b: '' })).toBeUndefined())
})

describe('amounts', () => {
  it('change units at a thousand', () => {
    expect(bytes(999)).toBe('999 B')
    expect(bytes(1_234_567)).toBe('1.2 MB')
    expect(bits(2_000_000)).toBe('2 Mbit/s')
    expect(short(12_400)).toBe('12.4k')
  })
  it('do not round a little to nothing', () => expect(percent(0.0001)).toBe('< 0.1 %'))
})
