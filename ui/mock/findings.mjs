// What is wrong with the devices of the stand-in. Invented numbers and words.
import { pageOf } from './lists.mjs'

const ORDER = ['critical', 'high', 'medium', 'low', 'info']
const RANK = { critical: 0, high: 1, medium: 2, low: 3, info: 4 }

const advisory = (id, more) => ({
  feed: 'csaf',
  id,
  url: `https://www.cisa.example/${id}`,
  published: '2026-03-04',
  ...more,
})
const PROBLEMS = [
  {
    fits: (d) => d.category === 'infusion-pump',
    topic: 'ICSMA-26-063-01',
    kind: 'vulnerability',
    title: 'A pump takes commands from the network without asking who sends them (CVE-2026-10441)',
    severity: 'critical',
    confidence: 0.97,
    status: 'affected',
    exploited: true,
    treatment: 'patch',
    reason: 'Version 3.2.1 mends it; the maker installs it.',
    advisory: advisory('ICSMA-26-063-01', {
      cve: ['CVE-2026-10441'],
      kev: true,
      epss: 0.61,
      cvss: { version: '3.1', vector: 'CVSS:3.1/AV:N', score: 9.8 },
      also: ['nvd CVE-2026-10441'],
    }),
  },
  {
    fits: (d) => d.os === 'Windows',
    topic: 'windows/7',
    kind: 'end-of-support',
    title: 'Windows Embedded Standard 7 is out of support since 2023-10-10',
    severity: 'high',
    confidence: 0.9,
    status: 'likely',
    exploited: false,
    treatment: 'replace',
    reason: 'Nobody mends it any more: plan another, and let only what works with it reach it until then.',
    advisory: { feed: 'endoflife', id: 'windows/7', ended: '2023-10-10', replacement: 'Windows 11 IoT' },
  },
  {
    fits: (d) => d.services.some((s) => s[2] === 'dicom'),
    topic: 'clear-text-patient-data: Takes patient data over DICOM in the clear',
    kind: 'clear-text-patient-data',
    title: 'Takes patient data over DICOM in the clear',
    severity: 'medium',
    confidence: 0.93,
    status: 'affected',
    exploited: false,
    treatment: 'segment',
    reason: 'Whoever listens can read it. Use DICOM over TLS where both ends can; until then keep this way apart.',
  },
  {
    fits: (d) => d.category === 'patient-monitor',
    topic: 'Z-1204-2026',
    kind: 'recall',
    title: 'Recall Z-1204-2026, class 2: the alarm may be late',
    severity: 'medium',
    confidence: 0.4,
    status: 'possible',
    exploited: false,
    treatment: 'review',
    reason: 'Compare the serial number with those of the recall.',
    advisory: { feed: 'fda-recall', id: 'Z-1204-2026', class: 2, published: '2026-08-02' },
  },
]

export function makeFindings(world, now) {
  const all = []
  for (const [n, device] of world.devices.entries()) {
    for (const [p, { fits, ...problem }] of PROBLEMS.entries()) {
      if (device.scope !== 'internal' || !fits(device) || (n * 7 + p) % 5 === 0) continue
      all.push({
        ...problem,
        id: `find-${device.id.slice(4)}-${p}`,
        device: device.id,
        device_name: device.name,
        device_category: device.category,
        site: device.site,
        found: new Date(now - (n % 30) * 864e5).toISOString(),
        match: {
          method: problem.advisory ? 'name-version' : 'observed',
          matched: [
            {
              attribute: problem.advisory ? 'firmware' : 'dicom:activity',
              device_value: device.firmware ?? 'C-STORE-RQ',
              advisory_value: problem.advisory ? 'before 3.2.1' : 'DICOM over TLS',
              how: problem.advisory ? 'older than the version that mends it' : 'packet 812',
            },
          ],
          unmatched: [],
          would_help: problem.status === 'possible' ? ['the serial number, from its plate'] : [],
        },
      })
    }
    const sure = all.filter((f) => f.device === device.id && f.status !== 'possible')
    device.findings = sure.length
    device.worst_finding = sure.map((f) => f.severity).sort((a, b) => RANK[a] - RANK[b])[0]
  }
  all.sort((a, b) => RANK[a.severity] - RANK[b.severity] || (a.id < b.id ? -1 : 1))
  return all
}

function select(state, params) {
  const many = (key) => (params.get(key) ?? '').split(',').filter(Boolean)
  const among = (key, value) => !many(key).length || many(key).includes(value)
  const least = params.get('severity') ? RANK[params.get('severity')] : ORDER.length
  const text = (params.get('text') ?? '').toLowerCase()
  if (params.get('state') === 'ended') return []
  return state.world.findings.filter(
    (f) =>
      among('kind', f.kind) &&
      among('treatment', f.treatment) &&
      among('status', f.status) &&
      among('site', f.site) &&
      among('device', f.device) &&
      (!params.get('topic') || f.topic === params.get('topic')) &&
      RANK[f.severity] <= least &&
      `${f.title} ${f.topic} ${f.device_name}`.toLowerCase().includes(text),
  )
}

const bare = ({ match, ...rest }) => rest

export const list = ({ state, params }) => pageOf(select(state, params).map(bare), params)
export const one = ({ state, args }) => state.world.findings.find((f) => f.id === args.id)
export const ofDevice = (device, { state, params }) =>
  pageOf(params.get('state') === 'ended' ? [] : state.world.findings.filter((f) => f.device === device.id), params)
export function topics({ state, params }) {
  const groups = new Map()
  for (const finding of select(state, params)) {
    const known = groups.get(finding.topic)
    if (known) known.devices += 1
    else {
      const { match, id, device, device_name, device_category, site, found, ...rest } = finding
      groups.set(finding.topic, { ...rest, devices: 1, first_found: found, last_found: found })
    }
  }
  return pageOf([...groups.values()], params)
}
export function counts({ state, params }) {
  const all = select(state, params)
  const by = (key) => {
    const sums = {}
    for (const finding of all) sums[finding[key]] = (sums[finding[key]] ?? 0) + 1
    return sums
  }
  return {
    findings: all.length,
    devices: new Set(all.map((f) => f.device)).size,
    exploited: all.filter((f) => f.exploited).length,
    severities: by('severity'),
    kinds: by('kind'),
    treatments: by('treatment'),
    statuses: by('status'),
    knowledge: {
      loaded: true,
      feeds: { csaf: { records: 812, as_of: new Date(state.now() - 864e5).toISOString() }, kev: { records: 1400 } },
      since: new Date(state.now() - 36e5).toISOString(),
      waiting: 0,
    },
  }
}
