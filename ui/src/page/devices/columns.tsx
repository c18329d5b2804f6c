// The columns of the table of devices.
import { Group } from '@mantine/core'
import type { ReactNode } from 'react'
import type { DeviceSummary } from '../../api/schema'
import { category, sentence } from '../../logic/word'
import { DeviceLink, Tag } from '../../part/DeviceLink'
import { SeverityMark, StatusMark } from '../../part/Mark'
import { Moment } from '../../part/Moment'

export interface Column {
  id: string
  label: string
  width: number
  /** What the API sorts by, where it can. */
  sort?: string
  cell: (device: DeviceSummary) => ReactNode
}

const dash = <span aria-hidden="true">–</span>
const text = (value: ReactNode) => value || dash

export const COLUMNS: Column[] = [
  { id: 'name', label: 'Name', width: 190, sort: 'name', cell: (d) => <DeviceLink id={d.id} name={d.name} /> },
  { id: 'status', label: 'Status', width: 104, cell: (d) => <StatusMark of={d.status} /> },
  {
    id: 'category',
    label: 'Kind',
    width: 152,
    sort: 'category',
    cell: (d) => (d.category ? category(d.category) : dash),
  },
  { id: 'vendor', label: 'Vendor', width: 132, sort: 'vendor', cell: (d) => text(d.vendor) },
  { id: 'model', label: 'Model', width: 126, sort: 'model', cell: (d) => text(d.model ?? d.family) },
  { id: 'ip', label: 'Address', width: 118, cell: (d) => <span className="mono">{text(d.ips[0])}</span> },
  { id: 'site', label: 'Site', width: 120, sort: 'site', cell: (d) => d.site },
  { id: 'location', label: 'Where', width: 140, sort: 'location', cell: (d) => text(d.whereabouts?.position) },
  {
    id: 'findings',
    label: 'Findings',
    width: 124,
    sort: 'findings',
    cell: (d) =>
      d.worst_finding ? (
        <Group gap={6} wrap="nowrap">
          <SeverityMark of={d.worst_finding} />
          <span>{d.findings}</span>
        </Group>
      ) : (
        dash
      ),
  },
  { id: 'last_seen', label: 'Last heard', width: 104, sort: 'last_seen', cell: (d) => <Moment at={d.last_seen} /> },
  { id: 'tags', label: 'Tags', width: 150, cell: (d) => <Tags of={d.tags} /> },
  { id: 'first_seen', label: 'First heard', width: 118, sort: 'first_seen', cell: (d) => <Moment at={d.first_seen} /> },
  { id: 'serial', label: 'Serial number', width: 140, cell: (d) => <span className="mono">{text(d.serial)}</span> },
  { id: 'mac', label: 'MAC address', width: 160, cell: (d) => <span className="mono">{text(d.macs[0])}</span> },
  { id: 'os', label: 'System', width: 170, cell: (d) => text([d.os, d.os_version].filter(Boolean).join(' ')) },
  { id: 'firmware', label: 'Firmware', width: 110, cell: (d) => text(d.firmware) },
  { id: 'vlan', label: 'VLAN', width: 80, cell: (d) => text(d.vlans.join(', ')) },
  { id: 'owner', label: 'Owner', width: 170, cell: (d) => text(d.owner) },
  {
    id: 'criticality',
    label: 'Criticality',
    width: 104,
    sort: 'criticality',
    cell: (d) => (d.criticality ? `${d.criticality} of 5` : dash),
  },
  { id: 'lifecycle', label: 'Life cycle', width: 110, cell: (d) => sentence(d.lifecycle) },
]
export const PRESET = ['name', 'status', 'category', 'vendor', 'model', 'ip', 'location', 'findings', 'last_seen']

function Tags({ of }: { of: string[] }) {
  if (of.length === 0) return dash
  return (
    <Group gap={4} wrap="nowrap">
      {of.map((tag) => (
        <Tag key={tag}>{tag}</Tag>
      ))}
    </Group>
  )
}

/** The columns wanted, in their order; the name is always there. */
export function columnsOf(wanted: string | undefined): Column[] {
  const ids = wanted ? wanted.split(',') : PRESET
  const chosen = COLUMNS.filter((column) => column.id === 'name' || ids.includes(column.id))
  return chosen
}
