// Numbers as people read them. Pure.

const whole = new Intl.NumberFormat('en-GB')

export function count(value: number): string {
  return whole.format(value)
}

/** "1 device", "2 devices". */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`
}

/** "4,500 EUR"; "4,500" where nobody said the currency. */
export function money(amount: number, currency?: string | null): string {
  return currency ? `${count(amount)} ${currency}` : count(amount)
}

/** "980", "12.4k", "3.1M". */
export function short(value: number): string {
  if (value < 1000) return String(Math.round(value))
  if (value < 999_500) return `${trim(value / 1000)}k`
  return `${trim(value / 1_000_000)}M`
}

/** "12 B", "3.4 kB", "1.2 GB": powers of a thousand. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let left = value
  let unit = 0
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000
    unit += 1
  }
  return `${unit === 0 ? Math.round(left) : trim(left)} ${units[unit]}`
}

export function bits(value: number): string {
  return `${bytes(value).replace('B', 'bit')}/s`
}

export function percent(share: number): string {
  const value = share * 100
  if (value > 0 && value < 0.1) return '< 0.1 %'
  return `${value >= 10 || value === 0 ? Math.round(value) : value.toFixed(1)} %`
}

function trim(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(1).replace(/\.0$/, '')
}
