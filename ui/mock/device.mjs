// Everything about one device, invented from its summary.
import { random } from './world.mjs'

const seedOf = (id) => Number.parseInt(id.slice(-8), 16) || 7
const bare = ({ services, use, ...summary }) => summary

export { bare as summaryOf }

export function documentOf(device, now) {
  const r = random(seedOf(device.id))
  const at = (ms) => new Date(now - ms).toISOString()
  const support = (source, field, value, weight) => ({
    source,
    field,
    value,
    packet: 100 + Math.floor(r() * 90_000),
    time: at(r() * 20 * 864e5),
    weight,
  })
  const attributes = {}
  const say = (name, value, confidence, evidence, rejected = []) => {
    if (value !== undefined) attributes[name] = { value, confidence, evidence, rejected }
  }
  say(
    'vendor',
    device.vendor,
    0.97,
    [
      support('dicom', 'manufacturer', device.vendor, 0.95),
      support('catalog:oui', 'oui', device.macs[0]?.slice(0, 8), 0.7),
    ],
    device.vendor === 'GE HealthCare'
      ? [{ value: 'Intel', confidence: 0.03, evidence: [support('catalog:oui', 'oui', '00:1b:21', 0.3)] }]
      : [],
  )
  say('family', device.family, 0.91, [support('http', 'title', `${device.family} service`, 0.8)])
  say('model', device.model, 0.93, [
    support('dicom', 'model-name', device.model, 0.93),
    support('dhcp', 'vendor-class', `${device.vendor} ${device.model}`, 0.6),
  ])
  say('serial', device.serial, 0.96, [support('lldp', 'med-serial', device.serial, 0.96)])
  say(
    'category',
    device.category,
    0.88,
    [support('catalog:models', 'model', device.model ?? device.name, 0.88), support('dicom', 'modality', 'CT', 0.6)],
    [{ value: 'workstation', confidence: 0.08, evidence: [support('smb', 'native-os', 'Windows 10', 0.2)] }],
  )
  say('os', device.os, 0.84, [
    support('dhcp', 'parameter-list', '1,3,6,15,31,33', 0.7),
    support('tcp', 'syn', 'win=64240 mss=1460', 0.5),
  ])
  say('os_version', device.os_version, 0.66, [support('smb', 'version', device.os_version, 0.66)])
  say('firmware', device.firmware, 0.9, [support('http', 'server', `${device.model ?? 'fw'}/${device.firmware}`, 0.8)])
  say('life_supporting', device.life_supporting, 0.9, [support('catalog:categories', 'category', device.category, 0.9)])
  return {
    id: device.id,
    macs: device.macs,
    ips: device.ips,
    vlans: device.vlans,
    hostnames: device.name.includes('-') ? [device.name] : [],
    aliases: device.group === 'imaging' ? [`${(device.category ?? 'x').toUpperCase()}_AE${seedOf(device.id) % 9}`] : [],
    first_seen: device.first_seen,
    last_seen: device.last_seen,
    scope: device.scope,
    attributes,
    software:
      device.os === 'Windows'
        ? [
            {
              name: 'Windows',
              version: device.os_version,
              cpe: 'cpe:2.3:o:microsoft:windows_10:*',
              confidence: 0.8,
              evidence: [support('smb', 'version', device.os_version, 0.6)],
            },
            {
              name: 'OpenSSL',
              version: '1.1.1k',
              confidence: 0.7,
              evidence: [support('http', 'server', 'OpenSSL/1.1.1k', 0.7)],
            },
          ]
        : [],
    services: device.services.map(([transport, port, protocol]) => ({
      transport,
      port,
      protocol,
      first_seen: device.first_seen,
      last_seen: device.last_seen ?? device.first_seen,
    })),
    remarks: [],
    particulars: {},
  }
}

const THINGS = {
  vendor: 'vendor',
  model: 'model',
  category: 'kind of device',
  serial: 'serial number',
  firmware: 'firmware',
  os: 'operating system',
}
export function whyOf(device, attribute, now) {
  const fused = documentOf(device, now).attributes[attribute]
  const first = fused?.evidence[0]
  return {
    attribute,
    ...fused,
    history: historyOf(device, now).filter((change) => change.attribute === attribute),
    words: fused
      ? `Medward believes the ${THINGS[attribute] ?? attribute.replace('_', ' ')} is “${fused.value}” because the device itself said so in ${first.source.toUpperCase()} (packet ${first.packet})${fused.evidence.length > 1 ? `, and ${fused.evidence.length - 1} other source agrees` : ''}.${fused.rejected.length ? ` Another answer, “${fused.rejected[0].value}”, was considered and had far less behind it.` : ''}`
      : 'Nothing is known about this yet.',
  }
}

export function historyOf(device, now) {
  const at = (days) => new Date(now - days * 864e5).toISOString()
  return [
    { attribute: 'firmware', value: device.firmware ?? null, confidence: 0.9, because: 'http.server', at: at(4) },
    { attribute: 'firmware', value: '3.1.0', confidence: 0.9, because: 'http.server', at: at(61) },
    { attribute: 'model', value: device.model ?? null, confidence: 0.93, because: 'dicom.model-name', at: at(70) },
    { attribute: 'vendor', value: device.vendor ?? null, confidence: 0.97, because: 'catalog:oui', at: at(80) },
  ].map((change) => ({ device: device.id, ...change }))
}

export function staysOf(device, now) {
  const at = (days) => new Date(now - days * 864e5).toISOString()
  const w = device.whereabouts
  if (!w) return []
  return [
    { device: device.id, whereabouts: w },
    {
      device: device.id,
      whereabouts: { place: 's0b0f1r2', position: 'sw-1-3 port 22', how: 'switch-port', since: at(45), last: w.since },
    },
    {
      device: device.id,
      whereabouts: { place: 's0b0f0r7', position: 'AP 0-East-1', how: 'access-point', since: at(60), last: at(45) },
    },
  ]
}

/** 168 numbers: busy on weekdays by day, less at night and at the weekend. */
export function weekOf(share, devices = 1) {
  return Array.from({ length: 168 }, (_, hour) => {
    const day = Math.floor(hour / 24)
    const clock = hour % 24
    const busy = Math.max(0, Math.sin(((clock - 5) / 15) * Math.PI)) * (day < 5 ? 1 : 0.35)
    return Math.round(busy * share * devices * 4)
  })
}

export function useOf(device, now) {
  const r = random(seedOf(device.id))
  const per_day = Array.from({ length: 30 }, (_, n) => {
    const day = new Date(now - (29 - n) * 864e5)
    const free = day.getUTCDay() % 6 === 0 ? 0.3 : 1
    const hours = Math.round(device.use * free * (6 + r() * 6))
    return { day: day.toISOString().slice(0, 10), hours, actions: Math.round(hours * (2 + r() * 4)) }
  })
  return {
    now_in_use: device.use > 0.5,
    last_used: device.use > 0.05 ? new Date(now - r() * 864e5).toISOString() : null,
    per_day,
    week: weekOf(device.use),
    safe_windows: [
      { weekday: 6, from_hour: 1, until_hour: 5 },
      { weekday: 5, from_hour: 2, until_hour: 4 },
      { weekday: 2, from_hour: 2, until_hour: 4 },
    ],
  }
}

export const volumeOf = (now, count, step, size, seed = 5) => {
  const r = random(seed)
  return Array.from({ length: count }, (_, n) => {
    const at = new Date(now - (count - 1 - n) * step)
    const busy = 0.35 + Math.max(0, Math.sin(((at.getUTCHours() - 5) / 15) * Math.PI))
    const bytes = Math.round(size * busy * (0.8 + r() * 0.4))
    return { at: at.toISOString(), flows: Math.round(bytes / 90_000), packets: Math.round(bytes / 900), bytes }
  })
}
