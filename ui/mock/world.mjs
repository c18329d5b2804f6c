// An invented hospital for development: three sites, deterministic by seed. Nothing of it is ever shipped.
import { KINDS } from './kinds.mjs'

export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const SITES = ['St. Anna Main', 'North Clinic', 'Rehab Centre']
const WARDS = ['ICU', 'OR', 'Ward 3', 'Ward 5', 'Radiology', 'Emergency', 'Laboratory', 'Neonatal']
const OWNERS = ['Biomedical engineering', 'Radiology', 'IT operations', 'Intensive care', undefined, undefined]
const PREFIX = { BD: 'alaris', Philips: 'phil', 'GE HealthCare': 'ge', Dell: 'ws', HP: 'prn', Cisco: 'sw' }

const hex = (n, w) => (n >>> 0).toString(16).padStart(w, '0')

export function makeWorld(wanted, now) {
  const r = random(42)
  const pick = (list) => list[Math.floor(r() * list.length)]
  const weight = KINDS.reduce((sum, kind) => sum + kind[4], 0)
  const back = (ms) => new Date(now - ms).toISOString()
  const places = makePlaces()
  const rooms = places.filter((place) => place.kind === 'room' || place.kind === 'storage')
  const devices = []
  for (let n = 0; n < wanted; n += 1) {
    let at = r() * weight
    const kind =
      KINDS.find((k) => {
        at -= k[4]
        return at < 0
      }) ?? KINDS[0]
    const [slug, group, medical, life, , vlan, services, makers] = kind
    const [vendor, family, model, os, firmware] = pick(makers)
    const s = r() < 0.6 ? 0 : r() < 0.7 ? 1 : 2
    const site = SITES[s]
    const dice = r()
    const status = dice < 0.74 ? 'active' : dice < 0.93 ? 'silent' : dice < 0.965 ? 'missing' : 'unheard'
    const room = pick(rooms.filter((place) => place.id.startsWith(`s${s}`)))
    const mac = `${pick(['00:1b:21', '00:09:fb', '3c:52:82', '00:a0:e0'])}:${hex(n >> 16, 2)}:${hex((n >> 8) & 255, 2)}:${hex(n & 255, 2)}`
    const name = slug
      ? r() < 0.55
        ? `${PREFIX[vendor] ?? slug.split('-')[0]}-${WARDS[n % 8].toLowerCase().replaceAll(' ', '')}-${String(n % 1000).padStart(2, '0')}`
        : model
          ? `${vendor} ${model}`
          : `${slug.split('-')[0]}-${n}`
      : `10.${20 + s}.${vlan}.${(n % 250) + 2}`
    const known = slug && r() < 0.9
    devices.push({
      id: `dev-${hex(Math.floor(r() * 2 ** 32), 8)}${hex(n, 4)}`,
      site,
      name,
      status,
      scope: 'internal',
      vendor: known ? vendor : undefined,
      family: known ? family : undefined,
      model: known && r() < 0.85 ? model : undefined,
      serial: slug && r() < 0.5 ? `SN${hex(Math.floor(r() * 2 ** 28), 7).toUpperCase()}` : undefined,
      category: slug,
      group,
      medical: Boolean(medical),
      os,
      os_version: os === 'Windows' ? pick(['10.0.17763', '10.0.19045', 'Embedded Standard 7']) : undefined,
      firmware: known ? firmware : undefined,
      life_supporting: life,
      ips: status === 'unheard' && r() < 0.3 ? [] : [`10.${20 + s}.${vlan + (n >> 14)}.${(n % 250) + 2}`],
      macs: [mac],
      vlans: [vlan],
      whereabouts:
        r() < 0.82
          ? {
              place: room.id,
              position: `sw-${s + 1}-${(n % 9) + 1} port ${(n % 48) + 1}`,
              how: pick(['switch-port', 'switch-port', 'access-point', 'vlan']),
              since: back(r() * 30 * 864e5),
              last: back(r() * 36e5),
            }
          : undefined,
      first_seen: back((n % 40 === 0 ? r() : 3 + r() * 200) * 864e5),
      last_seen:
        status === 'unheard'
          ? undefined
          : back(
              status === 'active'
                ? r() * 18e5
                : status === 'silent'
                  ? (0.1 + r() * 3) * 864e5
                  : (0.5 + r() * 9) * 864e5,
            ),
      tags: r() < 0.2 ? [pick(['loaner', 'leased', 'recall-check', 'replace-2027', 'critical-path'])] : [],
      owner: medical ? pick(OWNERS) : undefined,
      criticality: life === 'yes' ? 5 : medical ? pick([3, 4]) : pick([1, 2]),
      lifecycle: status === 'silent' && r() < 0.1 ? 'stored' : 'in-service',
      version: 3,
      services,
      use: medical ? Math.max(0, r() - 0.12) : 0,
    })
  }
  for (const [n, name] of ['updates.vendor.example', 'time.cloud.example', 'telemetry.maker.example'].entries()) {
    devices.push({
      id: `dev-e0000000000${n}`,
      site: SITES[0],
      name,
      status: 'active',
      scope: 'external',
      medical: false,
      ips: [`203.0.113.${n + 9}`],
      macs: [],
      vlans: [],
      first_seen: back(90 * 864e5),
      last_seen: back(6e5),
      tags: [],
      lifecycle: 'in-service',
      version: 1,
      services: [['tcp', 443, 'tls']],
      use: 0,
    })
  }
  return { devices, places, links: makeLinks(devices, r, back), events: makeEvents(devices, r, now) }
}

function makePlaces() {
  const places = []
  const add = (place) => places.push({ rules: [], devices: 0, missing: 0, ...place })
  for (const [s, site] of SITES.entries()) {
    add({ id: `s${s}`, kind: 'site', name: site, rules: [{ how: 'subnet', pattern: `10.${20 + s}.0.0/16` }] })
    for (const [b, building] of (s === 0 ? ['House A', 'House B'] : ['Main building']).entries()) {
      add({ id: `s${s}b${b}`, parent: `s${s}`, kind: 'building', name: building })
      for (let f = 0; f < (s === 0 ? 3 : 2); f += 1) {
        const floor = `s${s}b${b}f${f}`
        add({ id: floor, parent: `s${s}b${b}`, kind: 'floor', name: `Floor ${f}`, plan: { width: 1000, height: 520 } })
        for (let room = 0; room < 8; room += 1) {
          add({
            id: `${floor}r${room}`,
            parent: floor,
            kind: room === 7 ? 'storage' : 'room',
            name: room === 7 ? 'Equipment store' : `${WARDS[(room + f * 3) % 8]} ${f}${room + 1}`,
            x: 125 + (room % 4) * 250,
            y: 130 + Math.floor(room / 4) * 260,
            rules: [{ how: 'switch-port', pattern: `sw-${s + 1}-${room + 1} port *` }],
          })
        }
      }
    }
  }
  return places
}

function makeLinks(devices, r, back) {
  const of = (slug) => devices.filter((device) => device.category === slug)
  const hubs = {
    imaging: of('pacs'),
    'patient care': of('integration-engine'),
    laboratory: of('integration-engine'),
    building: of('switch'),
    office: of('ehr-server'),
  }
  const outside = devices.filter((device) => device.scope === 'external')
  const links = []
  const join = (a, b, protocol, port) => {
    if (!a || !b || a === b) return
    const flows = 1 + Math.floor(r() * 900)
    links.push({
      a,
      b,
      transport: 'tcp',
      protocol,
      port,
      flows,
      packets: flows * 40,
      bytes: Math.floor(flows * (200 + r() ** 3 * 900_000)),
      first_seen: back(r() * 40 * 864e5),
      last_seen: back(r() * 2 * 864e5),
    })
  }
  for (const device of devices.slice(0, 3000)) {
    if (device.status === 'unheard' || device.scope === 'external') continue
    const near = hubs[device.group] ?? of('ehr-server')
    const hub = near[Math.floor(r() * near.length)]
    join(
      device,
      hub,
      device.group === 'imaging' ? 'dicom' : device.group === 'patient care' ? 'hl7' : 'tls',
      device.group === 'imaging' ? 104 : device.group === 'patient care' ? 2575 : 443,
    )
    if (r() < 0.25) join(device, devices[Math.floor(r() * Math.min(devices.length, 3000))], 'http', 80)
    if (r() < 0.06) join(device, outside[Math.floor(r() * outside.length)], 'tls', 443)
  }
  return links
}

export const EVENT_KINDS = [
  'first-seen',
  'attribute-changed',
  'upgraded',
  'downgraded',
  'serial-changed',
  'new-service',
  'new-peer',
  'moved',
  'missing',
  'reappeared',
  'merged',
  'person',
]
export function makeEvent(device, kind, number, at) {
  const told = {
    'first-seen': ['low', `${device.name} was seen for the first time`, {}],
    'attribute-changed': [
      'info',
      `${device.name}: the model is now known`,
      { attribute: 'model', after: device.model ?? 'MX750' },
    ],
    upgraded: [
      'low',
      `${device.name} runs newer firmware`,
      { attribute: 'firmware', before: '3.1.0', after: device.firmware ?? '3.2.1' },
    ],
    downgraded: [
      'high',
      `${device.name} runs older firmware than before`,
      { attribute: 'firmware', before: '3.2.1', after: '3.1.0' },
    ],
    'serial-changed': [
      'medium',
      `${device.name} reports another serial number: it may have been swapped`,
      { before: 'SN0A12B', after: device.serial ?? 'SN77F01' },
    ],
    'new-service': ['medium', `${device.name} answers on port 23 now`, { port: '23', after: 'telnet' }],
    'new-peer': ['info', `${device.name} talks to a device it never talked to`, { peer: 'pacs' }],
    moved: [
      'low',
      `${device.name} is somewhere else`,
      { before: 'sw-1-2 port 7', after: device.whereabouts?.position ?? 'sw-1-4 port 9' },
    ],
    missing: [
      device.life_supporting === 'yes' ? 'high' : 'medium',
      `${device.name} went silent, and its network did not`,
      {},
    ],
    reappeared: ['info', `${device.name} is back`, {}],
    merged: ['info', `Two records turned out to be ${device.name}`, {}],
    person: ['info', `admin changed the owner of ${device.name}`, { after: 'Radiology' }],
  }[kind]
  return { number, at, site: device.site, kind, severity: told[0], device: device.id, title: told[1], details: told[2] }
}
function makeEvents(devices, r, now) {
  const events = []
  for (let n = 0; n < 600; n += 1) {
    const device = devices[Math.floor(r() * Math.min(devices.length, 2000))]
    const kind = EVENT_KINDS[Math.floor(r() ** 1.4 * EVENT_KINDS.length)]
    events.push(makeEvent(device, kind, 600 - n, new Date(now - n * 23 * 60_000 - r() * 6e5).toISOString()))
  }
  return events
}
