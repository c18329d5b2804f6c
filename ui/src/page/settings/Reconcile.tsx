// Where list and network differ, one table for each way.
import { Table, Text } from '@mantine/core'
import type { CmmsRow, DeviceSummary, Reconciliation } from '../../api/schema'
import { attribute, category } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Scroll } from '../../part/Scroll'

const MOST = 200
const COLUMNS = [
  ['tag', 'Asset tag'],
  ['name', 'Name'],
  ['vendor', 'Vendor'],
  ['model', 'Model'],
  ['serial', 'Serial number'],
  ['mac', 'MAC address'],
  ['ip', 'IP address'],
  ['location', 'Location'],
  ['value', 'Value'],
] as const satisfies readonly (readonly [keyof CmmsRow, string])[]

function Note({ shown, all }: { shown: number; all: number }) {
  if (shown >= all) return null
  return (
    <Text size="xs" c="dimmed" p="md">
      The first {shown} of {all} are shown.
    </Text>
  )
}

export function UnknownToCmms({ devices }: { devices: DeviceSummary[] }) {
  return (
    <Scroll>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th pl="md">On the network, not in the list</Table.Th>
            <Table.Th>Vendor and model</Table.Th>
            <Table.Th>Serial number</Table.Th>
            <Table.Th>Site</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {devices.slice(0, MOST).map((device) => (
            <Table.Tr key={device.id}>
              <Table.Td pl="md">
                <DeviceLink id={device.id} name={device.name} />
                <Text size="xs" c="dimmed">
                  {category(device.category)}
                </Text>
              </Table.Td>
              <Table.Td>{[device.vendor, device.model].filter(Boolean).join(' ') || '–'}</Table.Td>
              <Table.Td className="mono">{device.serial ?? '–'}</Table.Td>
              <Table.Td>{device.site}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Note shown={MOST} all={devices.length} />
    </Scroll>
  )
}

export function MissingOnWire({ rows }: { rows: CmmsRow[] }) {
  const first = rows.slice(0, MOST)
  const known = COLUMNS.filter(([field]) => first.some((row) => row[field])).slice(0, 7)
  return (
    <Scroll>
      <Table>
        <Table.Thead>
          <Table.Tr>
            {known.map(([field, label], index) => (
              <Table.Th key={field} pl={index ? undefined : 'md'}>
                {label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {first.map((row) => (
            <Table.Tr key={JSON.stringify(row)}>
              {known.map(([field], index) => (
                <Table.Td key={field} pl={index ? undefined : 'md'}>
                  {row[field] || '–'}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Note shown={MOST} all={rows.length} />
    </Scroll>
  )
}

export function Contradicting({ rows }: { rows: Reconciliation['contradicting'] }) {
  return (
    <Scroll>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th pl="md">Device</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>The list says</Table.Th>
            <Table.Th>The network says</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, MOST).map((row) => (
            <Table.Tr key={`${row.device} ${row.field}`}>
              <Table.Td pl="md">
                <DeviceLink id={row.device} />
              </Table.Td>
              <Table.Td>{attribute(row.field)}</Table.Td>
              <Table.Td className="mono">{row.cmms}</Table.Td>
              <Table.Td className="mono">{row.wire}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Note shown={MOST} all={rows.length} />
    </Scroll>
  )
}
