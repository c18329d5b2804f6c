// The search language, roughly: enough for development.

const hours = { m: 1 / 60, h: 1, d: 24, w: 168 }
const plain = (text) =>
  String(text)
    .toLowerCase()
    .replace(/[-_\s]+/g, ' ')
export const FIELDS = [
  'category',
  'vendor',
  'model',
  'serial',
  'site',
  'status',
  'os',
  'firmware',
  'ip',
  'mac',
  'vlan',
  'name',
  'tag',
  'owner',
  'scope',
  'group',
  'lifecycle',
  'service',
  'port',
  'place',
  'has',
  'seen',
  'first',
  'medical',
]

function values(device, field) {
  if (field === 'ip') return device.ips
  if (field === 'mac') return device.macs
  if (field === 'vlan') return device.vlans
  if (field === 'tag') return device.tags
  if (field === 'service') return device.services.map((s) => s[2])
  if (field === 'port')
    return [...device.services.map((s) => s[1]), device.whereabouts?.position?.replace(' port ', '/') ?? '']
  if (field === 'place') return [device.whereabouts?.place]
  if (field === 'medical') return [device.medical ? 'yes' : 'no']
  return [device[field]]
}

function test(word, now) {
  const seen = /^(seen|first)([<>])(\d+)([mhdw])$/.exec(word)
  if (seen) {
    const limit = Number(seen[3]) * hours[seen[4]] * 36e5
    return (device) => {
      const at = device[seen[1] === 'seen' ? 'last_seen' : 'first_seen']
      if (!at) return false
      return now() - Date.parse(at) < limit === (seen[2] === '<')
    }
  }
  const field = /^(\w+):(.*)$/.exec(word)
  if (field) {
    const wanted = plain(field[2].replaceAll('"', ''))
    if (field[1] === 'has')
      return (device) => values(device, wanted.replace(' ', '_')).some((v) => v !== undefined && v !== '')
    const exact = ['vlan', 'status', 'scope', 'site', 'place', 'medical'].includes(field[1])
    return (device) =>
      values(device, field[1]).some((v) => v !== undefined && (exact ? plain(v) === wanted : plain(v).includes(wanted)))
  }
  const wanted = plain(word.replaceAll('"', ''))
  return (device) =>
    plain(
      [
        device.name,
        device.vendor,
        device.model,
        device.category,
        device.serial,
        device.os,
        device.owner,
        ...device.ips,
        ...device.macs,
        ...device.tags,
      ].join(' '),
    ).includes(wanted)
}

export class BadQuery extends Error {}

export function compile(text, now) {
  const tokens = text.match(/\(|\)|-?(?:[^\s"()]|"[^"]*")+|-\(/g) ?? []
  if ((text.match(/"/g) ?? []).length % 2)
    throw new BadQuery(`column ${text.lastIndexOf('"') + 1}: the quote is not closed`)
  let at = 0
  const or = () => {
    const parts = [and()]
    while (tokens[at]?.toLowerCase() === 'or') {
      at += 1
      parts.push(and())
    }
    return parts.length === 1 ? parts[0] : (d) => parts.some((p) => p(d))
  }
  const and = () => {
    const parts = []
    while (at < tokens.length && tokens[at] !== ')' && tokens[at].toLowerCase() !== 'or') {
      let token = tokens[at++]
      let not = false
      if (token.startsWith('-') && token.length > 1) {
        not = true
        token = token.slice(1)
      }
      let part
      if (token === '(') {
        part = or()
        at += 1
      } else {
        const name = /^(\w+):/.exec(token)?.[1]
        if (name && !FIELDS.includes(name))
          throw new BadQuery(`no field is called '${name}'. There are: ${FIELDS.join(', ')}`)
        part = test(token, now)
      }
      parts.push(not ? (d) => !part(d) : part)
    }
    return (d) => parts.every((p) => p(d))
  }
  return or()
}
