// Every address of the API with its answer.
import { randomBytes } from 'node:crypto'
import { PERMISSIONS } from './admin.mjs'
import { documentOf, historyOf, staysOf, summaryOf, useOf, volumeOf, whyOf } from './device.mjs'
import * as findings from './findings.mjs'
import * as lists from './lists.mjs'

const PROTOCOLS = [
  ['arp', 'ARP', 'ARP'],
  ['astm', 'ASTM', 'ASTM / LIS2'],
  ['bacnet', 'BACnet', 'BACnet/IP'],
  ['dhcpv4', 'DHCP', 'DHCP and BOOTP'],
  ['dicom', 'DICOM', 'DICOM'],
  ['dns', 'DNS', 'DNS'],
  ['hl7', 'HL7 v2', 'HL7 v2'],
  ['http', 'HTTP', 'HTTP/1'],
  ['intellivue', 'IntelliVue', 'Philips IntelliVue Data Export'],
  ['lldp', 'LLDP', 'LLDP and LLDP-MED'],
  ['mdns', 'mDNS', 'Multicast DNS with service discovery'],
  ['modbus', 'Modbus', 'Modbus/TCP'],
  ['ntp', 'NTP', 'NTP'],
  ['poct1a', 'POCT1-A', 'POCT1-A'],
  ['rdp', 'RDP', 'RDP'],
  ['rtsp', 'RTSP', 'RTSP'],
  ['sip', 'SIP', 'SIP'],
  ['smb', 'SMB', 'SMB'],
  ['snmp', 'SNMP', 'SNMP'],
  ['ssh', 'SSH', 'SSH'],
  ['syslog', 'syslog', 'Syslog'],
  ['tls', 'TLS', 'TLS and SSL'],
].map(([name, label, title]) => ({ name, label, title }))

export class Refused extends Error {
  constructor(status, detail, advice, type) {
    super(detail)
    this.status = status
    this.advice = advice
    this.type = type
  }
}

const blank = () => ({
  tags: [],
  owner: null,
  note: null,
  criticality: null,
  lifecycle: 'in-service',
  maintenance: [],
  place: null,
  value: null,
  version: 0,
})
const find = (state, id) => {
  const device = state.world.devices.find((d) => d.id === id)
  if (!device) throw new Refused(404, `There is no device '${id}'.`, 'It may have been merged: search for its address.')
  return device
}
const noteOf = (state, device) =>
  state.annotations.get(device.id) ?? {
    ...blank(),
    tags: device.tags,
    owner: device.owner ?? null,
    lifecycle: device.lifecycle,
  }
function annotate(state, device, patch) {
  const { add_tags = [], remove_tags = [], ...rest } = patch
  const before = noteOf(state, device)
  const tags = [...new Set([...before.tags, ...add_tags])].filter((tag) => !remove_tags.includes(tag)).sort()
  const note = { ...before, ...rest, tags, version: before.version + 1 }
  state.annotations.set(device.id, note)
  Object.assign(device, {
    tags,
    owner: note.owner ?? undefined,
    lifecycle: note.lifecycle,
    version: device.version + 1,
  })
  return note
}
const session = (state, who) =>
  who
    ? {
        signed_in: true,
        setup_needed: state.setup,
        person: { name: who.name, display: who.display, role: who.role, sites: null, totp: who.totp },
        csrf: 'mock-csrf',
        must_change_password: who.must_change || undefined,
        permissions: who.must_change ? [] : PERMISSIONS[who.role],
        oidc: undefined,
      }
    : {
        signed_in: false,
        setup_needed: state.setup,
        permissions: [],
        oidc: state.setup ? undefined : { label: 'Sign in with St. Anna account', url: '/api/v1/session/oidc' },
      }

function overview({ state }) {
  const { devices, events } = state.world
  const now = state.now()
  const count = (test) => devices.filter(test).length
  const missing = count((d) => d.status === 'missing')
  const fresh = count((d) => now - Date.parse(d.first_seen) < 864e5)
  const life = count((d) => d.status === 'missing' && d.life_supporting === 'yes')
  return {
    now: new Date(now).toISOString(),
    devices: {
      total: devices.length,
      medical: count((d) => d.medical),
      active: count((d) => d.status === 'active'),
      silent: count((d) => d.status === 'silent'),
      missing,
      unheard: count((d) => d.status === 'unheard'),
      external: 3,
      new_24h: fresh,
    },
    missing: stakes(state),
    findings: { findings: 0, critical: 0, high: 0, exploited: 0, devices: 0, grave_devices: 0 },
    attention: [
      {
        kind: 'finding-grave',
        severity: 'critical',
        title: 'Devices have a critical weakness, or one that attackers use',
        count: count((d) => d.worst_finding === 'critical'),
        link: '/findings',
      },
      {
        kind: 'missing',
        severity: 'critical',
        title: 'Life-supporting devices are missing',
        count: life,
        query: 'status:missing category:infusion-pump',
        link: '/devices',
      },
      {
        kind: 'sensor',
        severity: 'high',
        title: 'A sensor is silent: nothing is heard at Rehab Centre',
        count: 1,
        link: '/sensors',
      },
      {
        kind: 'downgraded',
        severity: 'high',
        title: 'Devices run older firmware than before',
        count: 3,
        link: '/changes?kind=downgraded',
      },
      {
        kind: 'serial-changed',
        severity: 'medium',
        title: 'Serial numbers changed: devices may have been swapped',
        count: 2,
        link: '/changes?kind=serial-changed',
      },
      {
        kind: 'first-seen',
        severity: 'low',
        title: 'New devices today',
        count: fresh,
        query: 'first<24h',
        link: '/devices',
      },
    ],
    sensors: { total: 4, healthy: 2, dropping: 1, silent: 1 },
    traffic: { bytes_24h: 1_812_000_000_000, conversations: state.world.links.length },
    trend: {
      devices: Array.from({ length: 30 }, (_, n) => ({
        at: new Date(now - (29 - n) * 864e5).toISOString(),
        total: Math.round(devices.length * (0.86 + n * 0.0048)),
      })),
      volume: volumeOf(now, 48, 36e5, 6e10),
    },
    categories: lists.facets(state.world, new URLSearchParams('fields=category&limit=12'), state.now).facets[0].values,
    recent: events.slice(0, 8),
  }
}

const gone = (state) => state.world.devices.filter((d) => d.status === 'missing')
// Of every third nobody said the value.
const value = (n) => (n % 3 ? 1800 + n * 650 : undefined)
function stakes(state) {
  const all = gone(state)
  const amounts = all.map((_, n) => value(n)).filter(Boolean)
  return {
    devices: all.length,
    life_supporting: all.filter((d) => d.life_supporting === 'yes').length,
    worth: amounts.length
      ? [{ currency: 'EUR', amount: amounts.reduce((a, b) => a + b, 0), devices: amounts.length }]
      : [],
    without_value: all.length - amounts.length,
  }
}
function missing({ state }) {
  const sum = stakes(state)
  const ago = (hours) => new Date(state.now() - hours * 36e5).toISOString()
  const items = gone(state).map((d, n) => ({
    device: summaryOf(d),
    value: value(n),
    currency: value(n) && 'EUR',
    last_used: n % 2 ? ago(5 + n * 7) : undefined,
    before: n % 4 ? { ...d.whereabouts, position: 'sw-2-1 port 4', since: ago(90), last: ago(60) } : undefined,
  }))
  items.sort((a, b) => (b.device.life_supporting === 'yes') - (a.device.life_supporting === 'yes'))
  return { ...sum, words: '', items: items.slice(0, 100) }
}
const tally = (values) => {
  const sums = {}
  for (const one of values) sums[one] = (sums[one] ?? 0) + 1
  return sums
}
const switchOf = (d) => (d.whereabouts?.position?.includes(' port ') ? [d.whereabouts.position.split(' port ')[0]] : [])

function events({ state, params }) {
  const order = ['info', 'low', 'medium', 'high', 'critical']
  const least = order.indexOf(params.get('severity') ?? 'info')
  const kinds = (params.get('kind') ?? '').split(',').filter(Boolean)
  const has = (key) => (e) => !params.get(key) || e[key] === params.get(key)
  const list = state.world.events.filter(
    (e) =>
      has('site')(e) &&
      has('device')(e) &&
      order.indexOf(e.severity) >= least &&
      (!kinds.length || kinds.includes(e.kind)) &&
      (!params.get('from') || e.at >= params.get('from')),
  )
  return lists.pageOf(list, params)
}

function reconcile(state, rows = 388) {
  const d = state.world.devices
  return {
    columns: {},
    rows,
    matched: rows - 2,
    unknown_total: 14,
    missing_total: 2,
    ambiguous: 0,
    unusable: 0,
    taken: rows,
    unknown_to_cmms: d
      .filter((x) => x.medical)
      .slice(3, 17)
      .map(summaryOf),
    missing_on_wire: [
      {
        tag: 'A-1044',
        name: '',
        mac: '',
        ip: '',
        vendor: 'BD',
        model: 'Alaris 8015',
        serial: 'SN99812',
        location: 'Ward 5',
        value: '4,500 EUR',
      },
      {
        tag: 'A-2209',
        name: '',
        mac: '',
        ip: '',
        vendor: 'Philips',
        model: 'MX450',
        serial: 'DE55102',
        location: 'ICU',
        value: '',
      },
    ],
    contradicting: d
      .filter((x) => x.serial)
      .slice(0, 4)
      .map((x, n) => ({
        device: x.id,
        field: n % 2 ? 'serial' : 'firmware',
        cmms: n % 2 ? 'SN000111' : '3.0.0',
        wire: n % 2 ? x.serial : (x.firmware ?? '3.2'),
      })),
  }
}

const device = (answer) => (ask) => answer(find(ask.state, ask.args.id), ask)
const crud = (name, path, make) => [
  ['GET', `/${path}`, ({ state }) => ({ items: state.admin[name], next: null })],
  [
    'POST',
    `/${path}`,
    ({ state, body, who }) => {
      const made = make(body, who)
      state.admin[name].push(made.item)
      return { ...made.item, ...made.extra }
    },
  ],
  [
    'PUT',
    `/${path}/:id`,
    ({ state, args, body }) => Object.assign(state.admin[name].find((x) => (x.id ?? x.name) === args.id) ?? {}, body),
  ],
  [
    'DELETE',
    `/${path}/:id`,
    ({ state, args }) => {
      state.admin[name] = state.admin[name].filter((x) => (x.id ?? x.name) !== args.id)
    },
  ],
]
const id = () => randomBytes(6).toString('hex')

export const routes = [
  ['GET', '/findings', findings.list],
  ['GET', '/findings/topics', findings.topics],
  ['GET', '/findings/counts', findings.counts],
  ['GET', '/findings/:id', findings.one],
  ['GET', '/devices/:id/findings', device(findings.ofDevice)],
  ['GET', '/session', ({ state, who }) => session(state, who)],
  [
    'POST',
    '/session',
    ({ state, body, response }) => {
      if (body.password === 'wrong' || String(body.password).length < 4)
        throw new Refused(401, 'The name or the password is wrong.', 'Check both; capital letters count.')
      if (body.name === 'totp' && body.code !== '123456')
        throw new Refused(
          401,
          body.code ? 'The code is wrong or too old.' : 'A code is needed.',
          'Type the code that your authenticator shows now.',
          'urn:medward:code-needed',
        )
      const known = state.admin.people.find((p) => p.name === body.name)
      const who = {
        name: body.name,
        display: known?.display ?? body.name,
        role: body.name === 'viewer' ? 'viewer' : body.name === 'auditor' ? 'auditor' : 'administrator',
        totp: body.name === 'totp',
        must_change: body.name === 'new' || state.setup,
      }
      const key = id()
      state.sessions.set(key, who)
      response.setHeader('set-cookie', `mock=${key}; Path=/; HttpOnly; SameSite=Strict`)
      return session(state, who)
    },
  ],
  ['DELETE', '/session', ({ state, cookie }) => void state.sessions.delete(cookie)],
  [
    'POST',
    '/session/password',
    ({ body, who }) => {
      if (body.old === 'wrong')
        throw new Refused(403, 'The old password is wrong.', 'Type the password that you signed in with.')
      who.must_change = false
      return {}
    },
  ],
  [
    'POST',
    '/session/totp',
    ({ who }) => ({
      secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      uri: `otpauth://totp/Medward:${who.name}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Medward`,
    }),
  ],
  [
    'PUT',
    '/session/totp',
    ({ body, who }) => {
      if (body.code !== '123456')
        throw new Refused(422, 'The code is wrong.', 'Check the clock of your telephone, then type the newest code.')
      who.totp = true
      return {}
    },
  ],
  [
    'DELETE',
    '/session/totp',
    ({ who }) => {
      who.totp = false
    },
  ],
  ['GET', '/overview', overview],
  ['GET', '/devices', ({ state, params }) => lists.devices(state.world, params, state.now)],
  ['GET', '/devices/facets', ({ state, params }) => lists.facets(state.world, params, state.now)],
  ['GET', '/devices/complete', ({ state, params }) => lists.complete(state.world, params)],
  [
    'GET',
    '/devices/export',
    ({ state, params, response }) => {
      const rows = lists.select(state.world, params, state.now)
      response.writeHead(200, { 'content-type': 'text/csv', 'content-disposition': 'attachment; filename=devices.csv' })
      response.end(['id,name,vendor', ...rows.map((d) => `${d.id},"${d.name}",${d.vendor ?? ''}`)].join('\n'))
    },
  ],
  [
    'POST',
    '/devices/bulk',
    ({ state, body }) => {
      const list = body.ids
        ? body.ids.map((x) => find(state, x))
        : lists.select(state.world, new URLSearchParams({ q: body.q ?? '' }), state.now)
      for (const d of list) annotate(state, d, body.patch)
      return { changed: list.length }
    },
  ],
  ['POST', '/devices/merge', ({ body }) => ({ id: body.ids[0] })],
  ['POST', '/devices/:id/split', device((d) => ({ id: d.id }))],
  [
    'GET',
    '/devices/:id',
    device((d, { state }) => ({
      summary: summaryOf(d),
      device: documentOf(d, state.now()),
      annotation: noteOf(state, d),
      merged_from: [],
    })),
  ],
  ['PATCH', '/devices/:id', device((d, { state, body }) => annotate(state, d, body))],
  ['GET', '/devices/:id/why/:attribute', device((d, { args, state }) => whyOf(d, args.attribute, state.now()))],
  [
    'GET',
    '/devices/:id/conversations',
    device((d, { state, params }) => lists.conversations(state.world, params, d.id)),
  ],
  [
    'GET',
    '/devices/:id/peers',
    device((d, { state }) => {
      const links = state.world.links.filter((l) => l.a === d || l.b === d).slice(0, 40)
      const seen = new Map([d, ...links.flatMap((l) => [l.a, l.b])].map((x) => [x.id, x]))
      return {
        nodes: [...seen.values()].map((x) => ({
          id: x.id,
          name: x.name,
          category: x.category ?? null,
          scope: x.scope,
          status: x.status,
        })),
        links: links.map((l) => ({
          from: l.a.id,
          to: l.b.id,
          conversations: 1,
          flows: l.flows,
          bytes: l.bytes,
          protocols: [l.protocol],
          last_seen: l.last_seen,
        })),
      }
    }),
  ],
  [
    'GET',
    '/devices/:id/volume',
    device((d, { state }) => ({ points: volumeOf(state.now(), 48, 36e5, 4e7, d.ips.length + 3) })),
  ],
  ['GET', '/devices/:id/use', device((d, { state }) => useOf(d, state.now()))],
  ['GET', '/devices/:id/history', device((d, { state }) => ({ items: historyOf(d, state.now()) }))],
  ['GET', '/devices/:id/stays', device((d, { state }) => ({ items: staysOf(d, state.now()) }))],
  [
    'GET',
    '/devices/:id/events',
    device((d, ask) => events({ ...ask, params: new URLSearchParams([...ask.params, ['device', d.id]]) })),
  ],
  ['GET', '/conversations', ({ state, params }) => lists.conversations(state.world, params)],
  ['GET', '/map', ({ state, params }) => lists.map(state.world, params, state.now)],
  ['GET', '/places', ({ state }) => lists.places(state.world)],
  [
    'POST',
    '/places',
    ({ state, body }) => {
      const place = { id: id(), rules: [], ...body }
      state.world.places.push(place)
      return { ...place, devices: 0, missing: 0 }
    },
  ],
  [
    'PUT',
    '/places/:id',
    ({ state, args, body }) =>
      Object.assign(
        state.world.places.find((p) => p.id === args.id),
        body,
      ),
  ],
  [
    'DELETE',
    '/places/:id',
    ({ state, args }) => {
      state.world.places = state.world.places.filter((p) => p.id !== args.id)
    },
  ],
  [
    'GET',
    '/places/:id/devices',
    ({ state, args, params }) =>
      lists.pageOf(state.world.devices.filter((d) => d.whereabouts?.place?.startsWith(args.id)).map(summaryOf), params),
  ],
  [
    'GET',
    '/places/:id/visitors',
    ({ state, args }) => ({
      items: state.world.devices
        .filter((d) => d.whereabouts?.place === args.id)
        .slice(0, 12)
        .map((d) => ({ device: d.id, name: d.name, whereabouts: d.whereabouts })),
    }),
  ],
  ['GET', '/usage', ({ state, params }) => lists.usage(state.world, params, state.now)],
  ['GET', '/events', events],
  ['GET', '/missing', missing],
  ['GET', '/sensors', ({ state }) => ({ items: state.admin.sensors })],
  [
    'GET',
    '/coverage',
    ({ state, params }) => {
      const here = state.world.devices.filter((d) => !params.get('site') || d.site === params.get('site'))
      const blind = here.filter((d) => d.status === 'unheard')
      const vlans = {}
      for (const d of here) for (const v of d.vlans) vlans[v] = (vlans[v] ?? 0) + 1
      return {
        site: params.get('site') ?? '',
        heard: here.length - blind.length,
        unheard: blind.length,
        blind_spots: blind.slice(0, 50).map(summaryOf),
        vlans,
        unheard_vlans: tally(blind.flatMap((d) => d.vlans)),
        switches: tally(here.filter((d) => d.status !== 'unheard').flatMap(switchOf)),
        unheard_switches: tally(blind.flatMap(switchOf)),
        inventory: { total: 9, items: reconcile(state).missing_on_wire },
      }
    },
  ],
  [
    'POST',
    '/sensors/invite',
    ({ body }) => ({
      token: 'mws_7f3a91',
      command: `medward sensor --site "${body.site}" --name ${body.name} --core https://monitor.hospital.example:8443 --invite mws_7f3a91 --capture eth1`,
    }),
  ],
  [
    'DELETE',
    '/sensors/:name',
    ({ state, args }) => {
      state.admin.sensors = state.admin.sensors.filter((s) => s.name !== args.name)
    },
  ],
  ...crud('views', 'views', (body, who) => ({
    item: { id: id(), owner: who.name, columns: [], shared: false, ...body },
  })),
  ...crud('people', 'people', (body) => ({
    item: { disabled: false, totp: false, source: 'local', ...body },
    extra: { password: 'tundra-violin-copper-72' },
  })),
  ...crud('tokens', 'tokens', (body) => ({
    item: { id: id(), last_used: null, ...body },
    extra: { token: `mw_${id()}${id()}` },
  })),
  ...crud('channels', 'channels', (body) => ({ item: { id: id(), state: { waiting: 0 }, ...body } })),
  ...crud('integrations', 'integrations', (body) => ({ item: { id: id(), ...body } })),
  ['POST', '/channels/:id/test', () => ({})],
  ['GET', '/decisions', ({ state }) => ({ items: state.admin.decisions })],
  [
    'DELETE',
    '/decisions/:n',
    ({ state, args, who }) => {
      const found = state.admin.decisions.find((d) => String(d.record.number) === args.n)
      if (found) found.undone = { by: who.name, at: new Date().toISOString() }
    },
  ],
  ['GET', '/settings/general', ({ state }) => state.admin.general],
  [
    'PUT',
    '/settings/general',
    ({ state, body }) => {
      state.setup = false
      return Object.assign(state.admin.general, body)
    },
  ],
  ['GET', '/settings/retention', ({ state }) => state.admin.retention],
  ['PUT', '/settings/retention', ({ state, body }) => Object.assign(state.admin.retention, body)],
  ['GET', '/settings/oidc', ({ state }) => state.admin.oidc],
  [
    'PUT',
    '/settings/oidc',
    ({ state, body: { secret, ...body } }) => {
      const before = state.admin.oidc
      const kept = secret === undefined ? before.has_secret && before.issuer === body.issuer : secret !== ''
      return Object.assign(before, body, { has_secret: kept })
    },
  ],
  [
    'POST',
    '/settings/oidc/test',
    ({ state }) => ({ authorization_endpoint: `${state.admin.oidc.issuer}/protocol/openid-connect/auth` }),
  ],
  ['GET', '/protocols', () => ({ items: PROTOCOLS, next: null })],
  ['GET', '/settings/sizes', ({ state }) => state.admin.sizes],
  ['POST', '/cmms/import', ({ state, body }) => reconcile(state, body.rows?.length)],
  ['GET', '/cmms/reconcile', ({ state }) => reconcile(state)],
  [
    'GET',
    '/audit',
    ({ state, params }) =>
      lists.pageOf(
        state.admin.audit.filter((a) => `${a.who} ${a.action} ${a.object}`.includes(params.get('text') ?? '')),
        params,
      ),
  ],
  ['GET', '/audit/verify', ({ state }) => ({ ok: true, records: state.admin.audit.length })],
]
