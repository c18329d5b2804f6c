// Answers about many devices: lists, facets, completion, the map, use, places.
import { summaryOf, weekOf } from './device.mjs'
import { compile, FIELDS } from './search.mjs'

const quote = (value) => (/^[\w./-]+$/.test(value) ? value : `"${value}"`)
const VALUES = {
  tag: (d) => d.tags,
  vlan: (d) => d.vlans.map(String),
  service: (d) => [...new Set(d.services.map((s) => s[2]))],
  place: (d) => (d.whereabouts?.place ? [d.whereabouts.place] : []),
}
const valuesOf = (field) => VALUES[field] ?? ((d) => (d[field] === undefined ? [] : [String(d[field])]))

export function select(world, params, now) {
  const test = compile(params.get('q') ?? '', now)
  return world.devices.filter(test)
}

export function pageOf(list, params, preset = 50) {
  const limit = Math.min(1000, Number(params.get('limit') ?? preset))
  const from = Number(params.get('cursor') ?? 0)
  const items = list.slice(from, from + limit)
  return { items, next: from + limit < list.length ? String(from + limit) : null, total: list.length }
}

export function devices(world, params, now) {
  const list = select(world, params, now)
  const sort = params.get('sort') ?? '-last_seen'
  const key = sort.replace('-', '')
  const sign = sort.startsWith('-') ? -1 : 1
  const of = key === 'location' ? (d) => d.whereabouts?.position : (d) => d[key]
  const sorted = list.toSorted((a, b) => {
    const [x, y] = [of(a), of(b)]
    if (x === y) return a.id < b.id ? -1 : 1
    if (x === undefined) return 1
    if (y === undefined) return -1
    return (x < y ? -1 : 1) * sign
  })
  const page = pageOf(sorted, params)
  return { ...page, items: page.items.map(summaryOf) }
}

function tally(list, of) {
  const counts = new Map()
  let without = 0
  for (const device of list) {
    const values = of(device)
    if (!values.length) without += 1
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  const values = [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count)
  return { values, without }
}

export function facets(world, params, now) {
  const list = select(world, params, now)
  return {
    facets: (params.get('fields') ?? 'category').split(',').map((field) => {
      const { values, without } = tally(list, valuesOf(field))
      return { field, values: values.slice(0, Number(params.get('limit') ?? 10)), without }
    }),
  }
}

export function complete(world, params) {
  const word = /(?:[^\s"]|"[^"]*"?)*$/.exec(params.get('text') ?? '')[0].replace(/^[-(]+/, '')
  const field = /^(\w+):(.*)$/.exec(word)
  if (field) {
    const typed = field[2].replaceAll('"', '').toLowerCase()
    const { values } = tally(world.devices.slice(0, 2000), valuesOf(field[1]))
    return {
      suggestions: values
        .filter((v) => v.value.toLowerCase().replaceAll('-', ' ').includes(typed.replaceAll('-', ' ')))
        .slice(0, 8)
        .map((v) => ({ insert: `${field[1]}:${quote(v.value)}`, label: `${v.value} (${v.count})`, kind: 'value' })),
    }
  }
  const fields = FIELDS.filter((name) => name.startsWith(word.toLowerCase())).map((name) => ({
    insert: name === 'seen' || name === 'first' ? `${name}<` : `${name}:`,
    label: name,
    kind: 'field',
  }))
  const help = word === '' ? [{ insert: 'seen<24h', label: 'seen in the last day', kind: 'help' }] : []
  return { suggestions: [...fields.slice(0, 8), ...help] }
}

const groupKey = {
  device: (d) => d.id,
  category: (d) => d.category ?? '',
  group: (d) => d.group ?? '',
  site: (d) => d.site,
  vlan: (d) => String(d.vlans[0] ?? ''),
  vendor: (d) => d.vendor ?? '',
  place: (d) => d.whereabouts?.place ?? '',
}

export function map(world, params, now) {
  const group = params.get('group') ?? 'category'
  const key = groupKey[group]
  const within = new Set(select(world, params, now).map((d) => d.id))
  const nodes = new Map()
  const links = new Map()
  const limit = Number(params.get('limit') ?? 2000)
  const node = (device) => {
    const id = key(device)
    if (!nodes.has(id))
      nodes.set(id, {
        id,
        label:
          group === 'device'
            ? device.name
            : group === 'place'
              ? (world.places.find((p) => p.id === id)?.name ?? id)
              : id,
        group: device.category ?? null,
        devices: 0,
        care: 0,
        medical: false,
        scope: device.scope,
        missing: 0,
        seen: new Set(),
      })
    const found = nodes.get(id)
    if (!found.seen.has(device.id)) {
      found.seen.add(device.id)
      found.devices += 1
      found.care += device.medical ? 1 : 0
      found.medical = found.care * 2 > found.devices
      found.missing += device.status === 'missing' ? 1 : 0
    }
    return id
  }
  for (const link of world.links) {
    if (!within.has(link.a.id) && !within.has(link.b.id)) continue
    const [from, to] = [node(link.a), node(link.b)]
    const at = `${from}\n${to}`
    const found = links.get(at) ?? {
      from,
      to,
      conversations: 0,
      flows: 0,
      bytes: 0,
      protocols: [],
      last_seen: link.last_seen,
    }
    found.conversations += 1
    found.flows += link.flows
    found.bytes += link.bytes
    if (!found.protocols.includes(link.protocol)) found.protocols.push(link.protocol)
    links.set(at, found)
  }
  const all = [...links.values()].sort((a, b) => b.bytes - a.bytes)
  return {
    nodes: [...nodes.values()].map(({ seen, ...rest }) => rest),
    links: all.slice(0, limit),
    cut: all.length > limit,
  }
}

export function usage(world, params, now) {
  const key = groupKey[params.get('group') ?? 'category']
  const device = params.get('group') === 'device'
  const rows = new Map()
  for (const d of select(world, params, now).filter((d) => d.medical)) {
    const id = key(d)
    const row = rows.get(id) ?? {
      key: id,
      label: device
        ? d.name
        : params.get('group') === 'place'
          ? (world.places.find((p) => p.id === id)?.name ?? '')
          : id,
      devices: 0,
      used: 0,
      actions: 0,
      hours: 0,
      days: 0,
      last_used: null,
      share: 0,
    }
    row.devices += 1
    row.share += d.use
    if (d.use > 0.04) {
      row.used += 1
      row.hours += Math.round(d.use * 190)
      row.days += Math.round(6 + d.use * 24)
      row.actions += Math.round(d.use * 900)
      row.last_used = new Date(now() - 36e5 * (1 - d.use) * 30).toISOString()
    }
    rows.set(id, row)
  }
  const list = [...rows.values()].map(({ share, ...row }) => ({
    ...row,
    week: weekOf(share / Math.max(1, row.devices), row.devices),
  }))
  list.sort((a, b) => (params.get('order') === 'least' ? 1 : -1) * (a.hours / a.devices - b.hours / b.devices))
  return pageOf(list, params)
}

export function places(world) {
  const below = new Map(world.places.map((place) => [place.id, { devices: 0, missing: 0 }]))
  const parent = new Map(world.places.map((place) => [place.id, place.parent]))
  for (const device of world.devices) {
    for (let at = device.whereabouts?.place; at; at = parent.get(at)) {
      const sum = below.get(at)
      if (!sum) break
      sum.devices += 1
      if (device.status === 'missing') sum.missing += 1
    }
  }
  return { items: world.places.map((place) => ({ ...place, ...below.get(place.id) })), next: null }
}

export function conversations(world, params, device) {
  const list = world.links
    .filter((l) => !device || l.a.id === device || l.b.id === device)
    .map(({ a, b, ...rest }) => ({
      originator: a.id,
      responder: b.id,
      ...rest,
      originator_name: a.name,
      responder_name: b.name,
      originator_scope: a.scope,
      responder_scope: b.scope,
      originator_category: a.category ?? null,
      responder_category: b.category ?? null,
    }))
  list.sort((x, y) => (params.get('by') === 'time' ? (x.last_seen < y.last_seen ? 1 : -1) : y.bytes - x.bytes))
  return pageOf(list, params)
}
