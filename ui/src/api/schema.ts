// What the API answers: the one file of types. Times are RFC 3339 in UTC; what is not known is absent.

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info'
export type Status = 'active' | 'silent' | 'missing' | 'unheard'
export type Scope = 'internal' | 'external' | 'multicast'
export type Lifecycle = 'ordered' | 'in-service' | 'stored' | 'retired' | 'lost'
export type Role =
  | 'viewer'
  | 'clinical-engineer'
  | 'security-analyst'
  | 'network-engineer'
  | 'auditor'
  | 'administrator'
export type Permission =
  | 'device.read'
  | 'device.annotate'
  | 'device.identity'
  | 'place.write'
  | 'event.read'
  | 'usage.read'
  | 'sensor.read'
  | 'sensor.manage'
  | 'people.manage'
  | 'token.manage'
  | 'setting.read'
  | 'setting.write'
  | 'channel.manage'
  | 'integration.manage'
  | 'audit.read'
  | 'export'

export interface ProblemBody {
  type?: string
  title?: string
  status?: number
  detail?: string
  do?: string
}

export interface Page<T> {
  items: T[]
  next?: string | null
  total?: number
}

export interface Session {
  signed_in: boolean
  setup_needed: boolean
  person?: { name: string; display: string; role: Role; sites: string[] | null; totp: boolean }
  csrf?: string
  must_change_password?: boolean
  permissions: Permission[]
  oidc?: { label: string; url: string }
}

export interface Whereabouts {
  place?: string | null
  position: string
  how: string
  since: string
  last: string
}

export interface DeviceSummary {
  id: string
  site: string
  name: string
  status: Status
  scope: Scope
  vendor?: string
  family?: string
  model?: string
  serial?: string
  category?: string
  group?: string
  medical: boolean
  os?: string
  os_version?: string
  firmware?: string
  role?: string
  life_supporting?: string
  ips: string[]
  macs: string[]
  vlans: number[]
  whereabouts?: Whereabouts
  first_seen?: string
  last_seen?: string
  tags: string[]
  owner?: string
  criticality?: number
  lifecycle: Lifecycle
  /** Without what only may concern it. */
  findings: number
  worst_finding?: Severity
  version: number
}

export interface Support {
  source: string
  field: string
  value: string
  packet?: number
  time?: string
  weight: number
}
export interface Candidate {
  value: string
  confidence: number
  evidence: Support[]
}
export interface Fused extends Candidate {
  rejected: Candidate[]
}
export interface Software {
  name: string
  version?: string
  cpe?: string
  purl?: string
  confidence: number
  evidence: Support[]
}
export interface Service {
  transport: string
  port: number
  protocol: string
  first_seen: string
  last_seen: string
}
export interface DeviceDocument {
  id: string
  macs: string[]
  ips: string[]
  vlans: number[]
  hostnames: string[]
  aliases: string[]
  first_seen?: string
  last_seen?: string
  parent?: string
  scope: Scope
  attributes: Record<string, Fused>
  software: Software[]
  services: Service[]
  remarks?: string[]
  particulars?: Record<string, string>
}

export interface Maintenance {
  from: string
  until: string
  reason: string
}
export interface Annotation {
  tags: string[]
  owner?: string | null
  note?: string | null
  criticality?: number | null
  lifecycle: Lifecycle
  maintenance: Maintenance[]
  place?: string | null
  value?: number | null
  version: number
}
export interface AnnotationPatch {
  add_tags?: string[]
  remove_tags?: string[]
  owner?: string | null
  note?: string | null
  criticality?: number | null
  lifecycle?: Lifecycle
  maintenance?: Maintenance[]
  place?: string | null
  value?: number | null
}
export interface DeviceAnswer {
  summary: DeviceSummary
  device: DeviceDocument
  annotation: Annotation
  merged_from: string[]
}

export interface AttributeChange {
  device: string
  attribute: string
  value?: string | null
  confidence: number
  because: string
  at: string
}
export interface Why extends Partial<Fused> {
  attribute: string
  history: AttributeChange[]
  words: string
}
export interface Stay {
  device: string
  whereabouts: Whereabouts
}

export type EventKind =
  | 'first-seen'
  | 'attribute-changed'
  | 'upgraded'
  | 'downgraded'
  | 'serial-changed'
  | 'new-service'
  | 'new-peer'
  | 'moved'
  | 'missing'
  | 'reappeared'
  | 'merged'
  | 'sensor'
  | 'person'
  | 'external'
  | 'finding'
export interface Event {
  number: number
  at: string
  site: string
  kind: EventKind
  severity: Severity
  device?: string
  title: string
  details?: Record<string, string>
}

export interface ConversationRow {
  originator: string
  responder: string
  transport: string
  port: number
  protocol: string
  flows: number
  packets: number
  bytes: number
  first_seen: string
  last_seen: string
  originator_name: string
  responder_name: string
  originator_scope: Scope
  responder_scope: Scope
  originator_category?: string | null
  responder_category?: string | null
}
export interface Link {
  from: string
  to: string
  conversations: number
  flows: number
  bytes: number
  protocols: string[]
  last_seen: string
}
export interface Peers {
  nodes: { id: string; name: string; category?: string | null; scope: Scope; status: Status }[]
  links: Link[]
}
export type MapGroup = 'device' | 'category' | 'group' | 'site' | 'vlan' | 'vendor' | 'place'
export interface MapNode {
  id: string
  label: string
  group?: string | null
  devices: number
  medical: number
  scope?: Scope
  missing?: number
}
export interface MapAnswer {
  nodes: MapNode[]
  links: Link[]
  cut: boolean
}
export interface VolumePoint {
  at: string
  flows: number
  packets: number
  bytes: number
}

export interface DeviceUse {
  now_in_use: boolean
  last_used?: string | null
  per_day: { day: string; actions: number; hours: number }[]
  week: number[]
  safe_windows: { weekday: number; from_hour: number; until_hour: number }[]
}
export type UseGroup = 'device' | 'category' | 'site' | 'place' | 'vendor'
export interface UseRow {
  key: string
  label: string
  devices: number
  used: number
  actions: number
  hours: number
  days: number
  last_used?: string | null
  week: number[]
}

export interface Attention {
  kind: string
  severity: Severity
  title: string
  count: number
  query?: string
  link?: string
}
export interface Overview {
  now: string
  devices: {
    total: number
    medical: number
    active: number
    silent: number
    missing: number
    unheard: number
    external: number
    new_24h: number
  }
  findings: {
    findings: number
    critical: number
    high: number
    exploited: number
    devices: number
    grave_devices: number
  }
  attention: Attention[]
  sensors: { total: number; healthy: number; dropping: number; silent: number }
  traffic: { bytes_24h: number; conversations: number }
  trend: { devices: { at: string; total: number }[]; volume: VolumePoint[] }
  categories: { value: string; count: number }[]
  recent: Event[]
}

export type FindingKind =
  | 'vulnerability'
  | 'recall'
  | 'end-of-support'
  | 'weak-protocol'
  | 'weak-cipher'
  | 'certificate'
  | 'clear-text-login'
  | 'clear-text-patient-data'
  | 'default-credential'
  | 'anonymous-access'
export type FindingStatus = 'affected' | 'likely' | 'possible'
export type Treatment = 'remove' | 'patch' | 'isolate' | 'virtual-patch' | 'segment' | 'replace' | 'review'
export interface AdvisoryOf {
  feed: string
  id: string
  cve?: string[]
  url?: string
  published?: string
  kev?: boolean
  ransomware?: boolean
  epss?: number
  exploitation?: string
  cvss?: { version: string; vector: string; score: number }
  class?: number
  ended?: string
  replacement?: string
  also?: string[]
}
export interface MatchDetail {
  attribute: string
  device_value: string
  advisory_value: string
  how: string
}
interface Found {
  topic: string
  kind: FindingKind
  title: string
  severity: Severity
  confidence: number
  status: FindingStatus
  exploited: boolean
  advisory?: AdvisoryOf
  treatment: Treatment
  reason: string
}
export interface Finding extends Found {
  id: string
  device: string
  device_name: string
  device_category?: string
  site: string
  found: string
  ended?: string
  match?: { method: string; matched: MatchDetail[]; unmatched: MatchDetail[]; would_help?: string[] }
}
export interface FindingTopic extends Found {
  devices: number
  first_found: string
  last_found: string
}
export interface FindingCounts {
  findings: number
  devices: number
  exploited: number
  severities: Record<string, number>
  kinds: Record<string, number>
  treatments: Record<string, number>
  statuses: Record<string, number>
  knowledge: {
    loaded: boolean
    feeds: Record<string, { records: number; as_of?: string | null }>
    since?: string | null
    waiting?: number | null
  }
}

export interface Facet {
  field: string
  values: { value: string; count: number }[]
  without: number
}
export interface Suggestion {
  insert: string
  label: string
  kind: 'field' | 'value' | 'help'
}
export interface View {
  id: string
  name: string
  q: string
  sort: string
  columns: string[]
  shared: boolean
  owner: string
}
export interface DecisionRecord {
  number: number
  site: string
  decision: { kind: 'join'; nodes: string[] } | { kind: 'part'; node: string; from: string[] }
  by: string
  at: string
  reason: string
  undone?: { by: string; at: string } | null
}

export type PlaceKind = 'site' | 'building' | 'floor' | 'room' | 'storage'
export interface PlaceRule {
  how: 'vlan' | 'subnet' | 'switch-port' | 'access-point' | 'hl7-location' | 'name' | 'rtls'
  pattern: string
}
export interface Place {
  id: string
  parent?: string | null
  kind: PlaceKind
  name: string
  plan?: { width: number; height: number; image?: string } | null
  x?: number | null
  y?: number | null
  rules: PlaceRule[]
  devices: number
  missing: number
}

export interface Sensor {
  name: string
  site: string
  version: string
  interfaces: string[]
  started: string
  last_report: string
  last_packet: string
  packets: number
  bytes: number
  dropped: number
  spooled: number
  spooled_bytes: number
  lost_reports: number
  packets_per_second: number
  bits_per_second: number
  memory: number
  weirds: Record<string, number>
  evictions: Record<string, number>
  health: 'good' | 'dropping' | 'silent' | 'behind'
  words: string
}
export interface Coverage {
  site: string
  heard: number
  unheard: number
  blind_spots: DeviceSummary[]
  vlans: Record<string, number>
}

export interface Person {
  name: string
  display: string
  role: Role
  sites: string[] | null
  disabled: boolean
  totp: boolean
  last_login?: string | null
  source: 'local' | 'oidc'
}
export interface Token {
  id: string
  name: string
  role: Role
  sites: string[] | null
  scopes: string[]
  expires?: string | null
  last_used?: string | null
}
export interface Channel {
  id: string
  kind: 'webhook' | 'email' | 'syslog'
  name: string
  enabled: boolean
  threshold: Severity
  kinds: EventKind[]
  sites: string[] | null
  config: Record<string, string>
  state?: { last_sent?: string | null; last_error?: string | null; waiting: number }
}
export interface Integration {
  id: string
  kind: string
  name: string
  last_run?: string | null
  rows?: number
  words?: string
}
export interface Retention {
  hours: number
  days: number
  events: number
  grave_events: number
  attributes: number
  stays: number
  external_devices: number
  devices: number
}
export interface Sizes {
  bytes: number
  tables: { table: string; rows: number; bytes?: number | null }[]
  devices: number
  conversations: number
  events: number
}
export interface GeneralSettings {
  network_name: string
  time_zone_hint?: string
}
export type CmmsRow = Record<string, string>
export interface Reconciliation {
  columns?: Record<string, string>
  rows: number
  unknown_to_cmms: DeviceSummary[]
  missing_on_wire: CmmsRow[]
  contradicting: { device: string; name?: string; field: string; cmms: string; wire: string }[]
}
export interface AuditRecord {
  number: number
  at: string
  who: string
  from: string
  action: string
  object: string
  outcome: string
  details: unknown
  hash: string
}
export interface AuditVerdict {
  ok: boolean
  records: number
  broken_at?: number | null
}
