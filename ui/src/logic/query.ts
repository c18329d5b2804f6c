// Works on the text of a search: its last word, its terms, and what a facet adds or takes away. Pure.

/** Splits at blanks, but not inside quotes. */
export function words(text: string): string[] {
  return text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []
}

/** The word that is being typed at the end, "" after a blank. */
export function lastWord(text: string): string {
  const open = (text.match(/"/g) ?? []).length % 2 === 1
  if (!open && /\s$/.test(text)) return ''
  return words(text).at(-1) ?? ''
}

/** Puts a suggestion in the place of the last word. A finished value is followed by a blank. */
export function complete(text: string, insert: string): string {
  const word = lastWord(text)
  const before = text.slice(0, text.length - word.length)
  const lead = /^[-(]+/.exec(word)?.[0] ?? ''
  const kept = lead && !insert.startsWith(lead) ? lead : ''
  const unfinished = /[:<>/]$/.test(insert)
  return `${before}${kept}${insert}${unfinished ? '' : ' '}`
}

/** A value as it stands in a search: quoted where it needs it. */
export function quoted(value: string): string {
  const clean = value.replaceAll('"', '')
  return /^[\w./@+-]+$/.test(clean) && !clean.startsWith('-') ? clean : `"${clean}"`
}

export function term(field: string, value: string): string {
  return `${field}:${quoted(value)}`
}

/** Whether the search has this very term. */
export function hasTerm(query: string, wanted: string): boolean {
  const low = wanted.toLowerCase()
  return words(query).some((word) => word.toLowerCase() === low)
}

/** Adds the term, or takes it away where it is there. */
export function toggleTerm(query: string, wanted: string): string {
  const low = wanted.toLowerCase()
  const list = words(query)
  const left = list.filter((word) => word.toLowerCase() !== low)
  return (left.length === list.length ? [...list, wanted] : left).join(' ')
}

/** A column and a direction as the API takes them: "-last_seen". */
export function nextSort(now: string, column: string): string {
  if (now === column) return `-${column}`
  return column
}
