// What administrators see: people, tokens, channels, sensors, settings, audit.
import { createHash } from 'node:crypto'
import { SITES } from './world.mjs'

const ALL = [
  'device.read',
  'device.annotate',
  'device.identity',
  'place.write',
  'event.read',
  'usage.read',
  'sensor.read',
  'sensor.manage',
  'people.manage',
  'token.manage',
  'setting.read',
  'setting.write',
  'channel.manage',
  'integration.manage',
  'audit.read',
  'export',
]
export const PERMISSIONS = {
  administrator: ALL,
  viewer: ['device.read', 'event.read'],
  auditor: ALL.filter((p) => p.endsWith('.read') || p === 'export'),
}

export function makeAdmin(now) {
  const ago = (hours) => new Date(now - hours * 36e5).toISOString()
  const sensor = (name, site, health, words, more = {}) => ({
    name,
    site,
    version: '0.1.0',
    interfaces: ['eth1'],
    epoch: 1,
    sequence: 88_120,
    started: ago(220),
    last_report: ago(0.003),
    last_packet: ago(0.002),
    packets: 1_922_331_020,
    bytes: 1_440_331_209_114,
    dropped: 0,
    spooled: 0,
    spooled_bytes: 0,
    lost_reports: 0,
    packets_per_second: 41_200,
    bits_per_second: 214_000_000,
    memory: 341_000_000,
    weirds: { 'tcp-gap': 1291, 'bad-checksum': 12 },
    evictions: {},
    health,
    words,
    ...more,
  })
  const audit = []
  let hash = '0'.repeat(64)
  const acts = [
    ['login', 'session'],
    ['device.annotate', 'dev-1f00aa120011'],
    ['token.create', 'cmms-reader'],
    ['place.write', 's0b0f1'],
    ['people.create', 'm.weber'],
    ['export', 'devices.csv'],
    ['login', 'session'],
  ]
  for (let n = 1; n <= 180; n += 1) {
    const [action, object] = acts[n % acts.length]
    const entry = {
      number: n,
      at: ago((180 - n) * 1.7),
      who: ['admin', 'm.weber', 'system', 'j.okafor'][n % 4],
      from: '10.20.60.14',
      action,
      object,
      outcome: n % 29 === 0 ? 'denied' : 'done',
      details: n % 3 ? {} : { fields: ['owner', 'tags'] },
    }
    hash = createHash('sha256')
      .update(hash + JSON.stringify(entry))
      .digest('hex')
    audit.unshift({ ...entry, hash })
  }
  return {
    sensors: [
      sensor('main-core', SITES[0], 'good', 'Hears everything it is given; nothing lost.'),
      sensor(
        'main-radiology',
        SITES[0],
        'dropping',
        'Lost 0.4 % of packets in the last hour: the machine is too slow for this much traffic, or its buffer too small.',
        { dropped: 7_700_120, packets_per_second: 188_000, bits_per_second: 940_000_000, interfaces: ['ens3', 'ens4'] },
      ),
      sensor('north-1', SITES[1], 'good', 'Hears everything it is given; nothing lost.', {
        packets_per_second: 8_100,
        bits_per_second: 38_000_000,
      }),
      sensor('rehab-1', SITES[2], 'silent', 'No report for 3 hours: the machine may be off, or the way to it is cut.', {
        last_report: ago(3.1),
        last_packet: ago(3.1),
        packets_per_second: 0,
        bits_per_second: 0,
        spooled: 0,
      }),
    ],
    people: [
      {
        name: 'admin',
        display: 'Ada Brandt',
        role: 'administrator',
        sites: null,
        disabled: false,
        totp: true,
        last_login: ago(0.2),
        source: 'local',
      },
      {
        name: 'm.weber',
        display: 'Max Weber',
        role: 'clinical-engineer',
        sites: [SITES[0]],
        disabled: false,
        totp: false,
        last_login: ago(20),
        source: 'local',
      },
      {
        name: 'j.okafor',
        display: 'Joy Okafor',
        role: 'security-analyst',
        sites: null,
        disabled: false,
        totp: true,
        last_login: ago(5),
        source: 'oidc',
      },
      {
        name: 'viewer',
        display: 'Vera Lind',
        role: 'viewer',
        sites: [SITES[1]],
        disabled: false,
        totp: false,
        last_login: null,
        source: 'local',
      },
      {
        name: 'old',
        display: 'Otto Lange',
        role: 'network-engineer',
        sites: null,
        disabled: true,
        totp: false,
        last_login: ago(2000),
        source: 'local',
      },
    ],
    tokens: [
      {
        id: 't1',
        name: 'CMMS reader',
        role: 'viewer',
        sites: null,
        scopes: ['device.read', 'export'],
        expires: new Date(now + 90 * 864e5).toISOString(),
        last_used: ago(1),
      },
      {
        id: 't2',
        name: 'Dashboard',
        role: 'viewer',
        sites: [SITES[0]],
        scopes: ['device.read'],
        expires: ago(20),
        last_used: null,
      },
    ],
    channels: [
      {
        id: 'c1',
        kind: 'email',
        name: 'Biomedical on call',
        enabled: true,
        threshold: 'high',
        kinds: [],
        sites: null,
        config: {
          host: 'smtp.hospital.example',
          port: 587,
          security: 'starttls',
          user: '',
          from: 'medward@hospital.example',
          to: ['oncall@hospital.example'],
        },
        has_secret: false,
        state: { last_sent: ago(4), last_error: null, waiting: 0 },
      },
      {
        id: 'c2',
        kind: 'syslog',
        name: 'SIEM',
        enabled: true,
        threshold: 'low',
        kinds: [],
        sites: null,
        config: { host: 'siem.hospital.example', port: 6514, carrier: 'tcp' },
        has_secret: false,
        state: { last_sent: ago(30), last_error: 'connection refused', waiting: 42 },
      },
    ],
    integrations: [
      {
        id: 'i1',
        kind: 'cmms',
        name: 'Equipment list (CSV)',
        address: '/api/v1/cmms/import',
        by: 'admin',
        made: ago(60),
      },
    ],
    views: [
      {
        id: 'v1',
        name: 'Life supporting, missing',
        q: 'status:missing (category:infusion-pump or category:ventilator)',
        sort: '-last_seen',
        columns: [],
        shared: true,
        owner: 'admin',
      },
      {
        id: 'v2',
        name: 'Imaging on Windows',
        q: 'group:imaging os:Windows',
        sort: 'name',
        columns: [],
        shared: false,
        owner: 'admin',
      },
    ],
    decisions: [
      {
        record: {
          number: 1,
          site: SITES[0],
          decision: { kind: 'join', nodes: ['mac 00:1b:21:00:00:11', 'mac 00:1b:21:00:00:12'] },
          by: 'admin',
          at: ago(90),
          reason: 'two cards of one CT',
        },
        undone: null,
      },
    ],
    oidc: {
      enabled: true,
      label: 'Sign in with St. Anna account',
      issuer: 'https://login.st-anna.example/realms/staff',
      client_id: 'medward',
      has_secret: true,
      rules: [
        { claim: 'groups', value: 'it-security', role: 'security-analyst', sites: null },
        { claim: 'groups', value: 'biomed', role: 'clinical-engineer', sites: [SITES[0]] },
      ],
      redirect_url: 'https://medward.st-anna.example/api/v1/session/oidc/callback',
    },
    general: { network_name: 'St. Anna Hospital Group', time_zone_hint: 'Europe/Berlin' },
    retention: {
      hours: 14,
      days: 400,
      events: 90,
      grave_events: 730,
      attributes: 730,
      stays: 400,
      external_devices: 30,
      devices: 0,
    },
    sizes: {
      bytes: 812_000_000,
      tables: [
        { table: 'conversations', rows: 1_204_220, bytes: 410_000_000 },
        { table: 'activity', rows: 602_118, bytes: 160_000_000 },
        { table: 'devices', rows: 412, bytes: 9_400_000 },
        { table: 'events', rows: 20_118, bytes: 12_000_000 },
        { table: 'audit', rows: 1802, bytes: 1_200_000 },
      ],
      devices: 412,
      conversations: 1_204_220,
      events: 20_118,
    },
    audit,
  }
}
