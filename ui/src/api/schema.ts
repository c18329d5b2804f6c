// What the API answers, by the names this interface uses. Shapes come from the API's own description (described.ts); what is
// written here says more than it does: narrower words, and the device's document. Times are RFC 3339 in UTC; what is not
// known is absent.
import type { components } from './described'

type Shapes = components['schemas']
/** A shape with some of its members told more narrowly; what does not fit the described ones does not compile. */
type Narrow<Wide, Own extends Partial<Wide>> = Omit<Wide, keyof Own> & Own

export type Severity = Shapes['Severity']
export type Status = Shapes['Status']
export type Scope = 'internal' | 'external' | 'multicast'
export type Lifecycle = Shapes['Lifecycle']
export type Role = Shapes['Role']
export type Permission = Shapes['Permission']

/** As RFC 9457 has it, from whoever answers: nothing is sure to be there. */
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

export type Session = Shapes['State']
export type Whereabouts = Shapes['Whereabouts']
export type DeviceSummary = Narrow<Shapes['DeviceSummary'], { scope: Scope }>

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
/** A device of schema medward.assessment/1. */
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

export type Maintenance = Required<Shapes['Maintenance']>
export type Annotation = Narrow<Shapes['Annotation'], { maintenance: Maintenance[] }>
export type AnnotationPatch = Shapes['Change']
export type DeviceAnswer = Omit<Shapes['Whole'], 'summary' | 'device' | 'annotation'> & {
  summary: DeviceSummary
  device: DeviceDocument
  annotation: Annotation
}

export type AttributeChange = Shapes['AttributeChange']
export type Why = Omit<Shapes['Why'], 'evidence' | 'rejected'> & { evidence: Support[]; rejected: Candidate[] }
export type Stay = Shapes['Stay']

export type EventKind = Shapes['EventKind']
export type Event = Shapes['Event']

export type ConversationRow = Narrow<Shapes['ConversationRow'], { originator_scope: Scope; responder_scope: Scope }>
export type Link = Shapes['Link']
export type MapGroup = 'device' | 'category' | 'group' | 'site' | 'vlan' | 'vendor' | 'place'
export type MapNode = Narrow<Shapes['Node'], { scope?: Scope }>
export type Peers = Narrow<Shapes['Peers'], { nodes: MapNode[] }>
export type MapAnswer = Narrow<Shapes['Map'], { nodes: MapNode[] }>
export type VolumePoint = Shapes['VolumePoint']

export type DeviceUse = Shapes['Use']
export type UseGroup = 'device' | 'category' | 'site' | 'place' | 'vendor'
export type UseRow = Shapes['UseRow']

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

export type Attention = Shapes['Attention']
/** What is at stake with devices that are missing. */
export type Stakes = Shapes['Stakes']
export interface Missing extends Stakes {
  words: string
  items: {
    device: DeviceSummary
    value?: number
    currency?: string
    last_used?: string
    before?: Whereabouts
  }[]
}
export type Overview = Shapes['Overview']

export type Facet = Shapes['FacetOf']
export type Suggestion = Shapes['Suggestion']
export type View = Shapes['View']
export type DecisionRecord = Shapes['TakenDecision']

export type PlaceKind = Shapes['PlaceKind']
export type PlaceRule = Narrow<
  Shapes['Rule'],
  { how: 'vlan' | 'subnet' | 'switch-port' | 'access-point' | 'hl7-location' | 'name' | 'rtls' }
>
export type Place = Omit<Shapes['Place'], 'rules'> & { rules: PlaceRule[] }

export type Sensor = Shapes['Judged']
export type Coverage = Omit<Shapes['Heard'], 'blind_spots'> & { blind_spots: DeviceSummary[] }

export type Person = Shapes['PersonShown']
export type Token = Shapes['TokenShown']
export type OpenInvitation = Shapes['OpenInvitation']
export type Channel = Shapes['ChannelShown']
export type NewChannel = Shapes['NewChannel']
export type Retention = Shapes['Days']
export type Sizes = Shapes['Sizes']
export type GeneralSettings = Required<Shapes['General']>
export type RoleRule = Shapes['RoleRule']
export type SingleSignOn = Shapes['SingleSignOn']
export type NewSingleSignOn = Shapes['NewSingleSignOn']
export type Spoken = Shapes['Spoken']
export type CmmsRow = Shapes['Listed']
export type Reconciliation = Omit<Shapes['Compared'], 'unknown_to_cmms'> & { unknown_to_cmms: DeviceSummary[] }
export type AuditRecord = Omit<Shapes['AuditRecord'], 'details'> & { details: unknown }
export type AuditVerdict = Shapes['Verified']
