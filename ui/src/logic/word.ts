// Plain words for the names the API uses. Pure.
import kinds from 'virtual:categories'

/** "infusion-pump" → "Infusion pump". */
export function category(slug: string | null | undefined): string {
  if (!slug) return 'Unknown kind'
  return kinds[slug] ?? sentence(slug)
}

export function sentence(slug: string): string {
  const text = slug.replace(/[-_]/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const ATTRIBUTES: Record<string, string> = {
  vendor: 'Vendor',
  family: 'Product line',
  model: 'Model',
  serial: 'Serial number',
  udi: 'UDI',
  os: 'Operating system',
  os_version: 'System version',
  firmware: 'Firmware',
  category: 'Kind of device',
  role: 'Role',
  fda_class: 'FDA class',
  life_supporting: 'Life supporting',
  location: 'Location it reports',
}
export const ATTRIBUTE_ORDER = Object.keys(ATTRIBUTES)

export function attribute(name: string): string {
  return ATTRIBUTES[name] ?? sentence(name)
}

export function attributeValue(name: string, value: string | null | undefined): string {
  if (value === null || value === undefined) return 'not known any more'
  return name === 'category' ? category(value) : name === 'life_supporting' ? sentence(value) : value
}

const HOW: Record<string, string> = {
  'switch-port': 'the switch port it is plugged into',
  'access-point': 'the access point it is connected to',
  rtls: 'the location system',
  vlan: 'its VLAN',
  subnet: 'its address range',
  'hl7-location': 'a location in its messages',
  'bed-label': 'the bed label it sends',
  'name-rule': 'its name',
  person: 'a person',
}
export function how(name: string): string {
  return HOW[name] ?? sentence(name).toLowerCase()
}

/** How sure, in words. */
export function surety(confidence: number): string {
  if (confidence >= 0.95) return 'practically certain'
  if (confidence >= 0.85) return 'very likely'
  if (confidence >= 0.65) return 'likely'
  if (confidence >= 0.4) return 'perhaps'
  return 'a guess'
}

/** Sources that are no protocols: the monitor has no other name for them. */
const SOURCES: Record<string, string> = {
  oui: 'MAC address register',
  catalog: 'Catalogue',
  inventory: 'Equipment list',
}
/** How a protocol or source is written where the monitor does not say: "oui" → "MAC address register". */
export function named(name: string): string {
  return SOURCES[name] ?? (name === 'unknown' ? 'Not recognised' : sentence(name))
}
/** Who says so: "lldp" → "LLDP", "catalog:oui" → "Catalogue: MAC address register". */
export function source(name: string, spelled: (name: string) => string): string {
  const [first = '', ...rest] = name.split(':')
  return first === 'catalog' ? `Catalogue: ${spelled(rest.join(':'))}` : spelled(rest.length ? name : first)
}

const EVENTS: Record<string, string> = {
  'first-seen': 'New device',
  'attribute-changed': 'Something else is known',
  upgraded: 'Newer version',
  downgraded: 'Older version',
  'serial-changed': 'Serial number changed',
  'new-service': 'New service',
  'new-peer': 'New conversation partner',
  moved: 'Moved',
  missing: 'Went missing',
  reappeared: 'Came back',
  merged: 'Merged',
  sensor: 'Sensor',
  person: 'Changed by a person',
  external: 'From an integration',
  finding: 'Found to be wrong',
}
export const EVENT_KINDS = Object.keys(EVENTS)
export function eventKind(kind: string): string {
  return EVENTS[kind] ?? sentence(kind)
}

const ROLES: Record<string, [string, string]> = {
  viewer: ['Viewer', 'Sees devices and changes, changes nothing.'],
  'clinical-engineer': ['Clinical engineer', 'Looks after devices: tags, owners, maintenance, places.'],
  'security-analyst': ['Security analyst', 'Investigates devices and their conversations.'],
  'network-engineer': ['Network engineer', 'Looks after sensors, places and identities.'],
  auditor: ['Auditor', 'Reads everything, including the audit trail.'],
  administrator: ['Administrator', 'May do everything.'],
}
export const ROLE_NAMES = Object.keys(ROLES)
export function role(name: string): string {
  return ROLES[name]?.[0] ?? sentence(name)
}
export function roleMeaning(name: string): string {
  return ROLES[name]?.[1] ?? ''
}

const FINDINGS: Record<string, string> = {
  vulnerability: 'Weakness',
  recall: 'Recall',
  'end-of-support': 'Out of support',
  'weak-protocol': 'Old protocol',
  'weak-cipher': 'Weak encryption',
  certificate: 'Certificate',
  'clear-text-login': 'Login in the clear',
  'clear-text-patient-data': 'Patient data in the clear',
  'default-credential': 'Factory password',
  'anonymous-access': 'Open to anybody',
}
export const FINDING_KINDS = Object.keys(FINDINGS)
export function findingKind(kind: string): string {
  return FINDINGS[kind] ?? sentence(kind)
}

const TREATMENTS: Record<string, string> = {
  remove: 'Take it out of use',
  patch: 'Install the fix',
  isolate: 'Cut it off',
  'virtual-patch': 'Shield it in the network',
  segment: 'Restrict who reaches it',
  replace: 'Replace it',
  review: 'Look at it',
}
export const TREATMENT_NAMES = Object.keys(TREATMENTS)
/** What to do, in words. */
export function treatment(name: string): string {
  return TREATMENTS[name] ?? sentence(name)
}

const CERTAINTY: Record<string, string> = {
  affected: 'Concerned',
  likely: 'Very likely concerned',
  possible: 'May be concerned',
}
export function findingStatus(name: string): string {
  return CERTAINTY[name] ?? sentence(name)
}

const METHODS: Record<string, string> = {
  udi: 'by its UDI',
  'serial-range': 'by its serial number',
  lot: 'by its lot',
  'model-number': 'by its model number',
  'cpe-applicability': 'by the product and version that the advisory lists',
  'name-version': 'by maker, product and version',
  'sbom-component': 'by a component of its bill of materials',
  software: 'by a program seen on it',
  'operating-system': 'by its operating system',
  'vendor-model': 'by maker and model only: no version is stated',
  observed: 'by what was seen on the wire',
  lifecycle: 'by the last day of support of its version',
}
export function method(name: string): string {
  return METHODS[name] ?? sentence(name).toLowerCase()
}

const FEEDS: Record<string, string> = {
  nvd: 'NVD',
  cve: 'CVE list',
  csaf: 'maker or CISA (CSAF)',
  kev: 'CISA, exploited vulnerabilities',
  epss: 'EPSS',
  'fda-recall': 'FDA recall',
  'fda-enforcement': 'FDA enforcement report',
  endoflife: 'end-of-life dates',
  osv: 'OSV',
}
export function feed(name: string): string {
  return FEEDS[name] ?? sentence(name)
}
