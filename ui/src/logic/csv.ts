// Reads an inventory as CSV and finds out which column is what. Pure.

export interface Sheet {
  columns: string[]
  rows: string[][]
  /** Rows whose number of cells is not that of the header, counted from 1 without the header. */
  uneven: number[]
}

/** Reads CSV (RFC 4180; also with semicolons or tabs, as spreadsheets write them). */
export function readCsv(text: string): Sheet {
  const clean = text.replace(/^\uFEFF/, '')
  const mark = separator(clean)
  const table: string[][] = []
  let row: string[] = []
  let cell = ''
  let inside = false
  const endCell = () => {
    row.push(cell.trim())
    cell = ''
  }
  const endRow = () => {
    endCell()
    if (row.some((value) => value !== '')) table.push(row)
    row = []
  }
  for (let at = 0; at < clean.length; at += 1) {
    const c = clean[at]
    if (inside) {
      if (c !== '"') cell += c
      else if (clean[at + 1] === '"') {
        cell += '"'
        at += 1
      } else inside = false
    } else if (c === '"' && cell.trim() === '') {
      inside = true
      cell = ''
    } else if (c === mark) endCell()
    else if (c === '\n') endRow()
    else if (c !== '\r') cell += c
  }
  if (cell !== '' || row.length > 0) endRow()
  const [columns = [], ...rows] = table
  const uneven = rows.flatMap((cells, index) => (cells.length === columns.length ? [] : [index + 1]))
  return { columns, rows, uneven }
}

function separator(text: string): string {
  const head = text.split('\n', 1)[0] ?? ''
  const counted = [',', ';', '\t'].map((mark) => [mark, head.split(mark).length] as const)
  counted.sort((a, b) => b[1] - a[1])
  return counted[0]?.[0] ?? ','
}

/** What a column can be. */
export const FIELDS = [
  ['vendor', 'Vendor'],
  ['model', 'Model'],
  ['serial', 'Serial number'],
  ['udi', 'UDI'],
  ['lot', 'Lot'],
  ['os', 'Operating system'],
  ['os_version', 'System version'],
  ['firmware', 'Firmware'],
  ['category', 'Kind of device'],
  ['mac', 'MAC address'],
  ['ip', 'IP address'],
  ['location', 'Location'],
  ['asset_tag', 'Asset tag'],
  ['name', 'Name'],
  ['owner', 'Owner'],
  ['value', 'Value (what it cost)'],
  ['currency', 'Currency'],
] as const
export type CsvField = (typeof FIELDS)[number][0]

const KNOWN: Record<CsvField, string[]> = {
  vendor: ['vendor', 'manufacturer', 'make', 'maker', 'oem', 'brand'],
  model: ['model', 'modelname', 'modelnumber', 'modelno'],
  serial: ['serial', 'serialnumber', 'serialno', 'sn'],
  udi: ['udi', 'udidi', 'uniquedeviceidentifier'],
  lot: ['lot', 'lotnumber', 'batch'],
  os: ['os', 'operatingsystem'],
  os_version: ['osversion', 'systemversion'],
  firmware: ['firmware', 'firmwareversion', 'softwareversion', 'swversion'],
  category: ['category', 'devicetype', 'type', 'description', 'equipmenttype'],
  mac: ['mac', 'macaddress', 'ethernetaddress', 'physicaladdress'],
  ip: ['ip', 'ipaddress', 'ipv4', 'address'],
  location: ['location', 'room', 'ward', 'site', 'building'],
  asset_tag: ['assettag', 'asset', 'assetid', 'assetnumber', 'tag', 'id', 'equipmentid', 'controlnumber'],
  name: ['name', 'hostname', 'devicename'],
  owner: ['owner', 'department', 'dept', 'costcenter', 'costcentre'],
  value: [
    'value',
    'purchasevalue',
    'purchaseprice',
    'purchasecost',
    'acquisitioncost',
    'acquisitionvalue',
    'replacementvalue',
    'replacementcost',
    'price',
    'cost',
  ],
  currency: ['currency', 'currencycode'],
}

export type Mapping = Record<string, CsvField | ''>

/** Guesses what each column is; a field is given once, to the first column that fits it best. */
export function guess(columns: readonly string[]): Mapping {
  const taken = new Set<CsvField>()
  const mapping: Mapping = {}
  const ranked = columns.flatMap((column) => {
    const plain = column.toLowerCase().replace(/[^a-z0-9]/g, '')
    return FIELDS.map(([field]) => ({ column, field, rank: KNOWN[field].indexOf(plain) })).filter((c) => c.rank >= 0)
  })
  ranked.sort((a, b) => a.rank - b.rank)
  for (const { column, field } of ranked) {
    if (mapping[column] || taken.has(field)) continue
    mapping[column] = field
    taken.add(field)
  }
  for (const column of columns) mapping[column] ??= ''
  return mapping
}

/** Rows by field, as the API takes them; columns without a field keep their own name. Empty cells are left out. */
export function mapped(sheet: Sheet, mapping: Mapping): Record<string, string>[] {
  return sheet.rows.map((cells) => {
    const row: Record<string, string> = {}
    sheet.columns.forEach((column, index) => {
      const value = cells[index]
      if (value) row[mapping[column] || column] = value
    })
    return row
  })
}

/** Why a mapping cannot be used, or nothing. */
export function complaint(mapping: Mapping): string | undefined {
  const given = Object.values(mapping).filter((field) => field !== '')
  const twice = given.find((field, index) => given.indexOf(field) !== index)
  if (twice) return `Two columns are mapped to "${FIELDS.find(([field]) => field === twice)?.[1]}". Choose one.`
  if (!given.some((field) => ['serial', 'mac', 'ip', 'asset_tag', 'name', 'udi'].includes(field)))
    return 'Map at least one column that tells devices apart: serial number, MAC address, IP address, UDI, asset tag or name.'
  return undefined
}
