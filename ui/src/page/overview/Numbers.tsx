// The numbers of the day, each leading to what it counts.
import { Box, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Overview, Stakes } from '../../api/schema'
import { bytes, count } from '../../logic/amount'
import { sums } from './Missing'

interface Cell {
  label: string
  value: ReactNode
  sub: string
  q?: string
  page?: '/sensors' | '/map'
}

function atStake(missing: Stakes): string {
  if (missing.worth.length) return `worth ${sums(missing)}`
  if (missing.life_supporting) return `${count(missing.life_supporting)} life-supporting`
  return 'regular, then silent'
}

export function Numbers({ of: { devices, missing, sensors, traffic } }: { of: Overview }) {
  const troubled = sensors.dropping + sensors.silent
  const cells: Cell[] = [
    { label: 'Devices', value: count(devices.total), sub: `${count(devices.medical)} medical`, q: '' },
    {
      label: 'Active now',
      value: count(devices.active),
      sub: `${count(devices.silent)} silent, as usual`,
      q: 'status:active',
    },
    { label: 'Missing', value: count(devices.missing), sub: atStake(missing), q: 'status:missing' },
    {
      label: 'New in 24 hours',
      value: count(devices.new_24h),
      sub: `${count(devices.external)} outside the network`,
      q: 'first<24h',
    },
    { label: 'Never heard', value: count(devices.unheard), sub: 'others speak of them', q: 'status:unheard' },
    {
      label: 'Sensors',
      value: `${sensors.healthy} of ${sensors.total}`,
      sub: troubled ? `${troubled} need attention` : 'all hear well',
      page: '/sensors',
    },
    {
      label: 'Traffic in 24 hours',
      value: bytes(traffic.bytes_24h),
      sub: typeof traffic.conversations === 'number' ? `${count(traffic.conversations)} conversations` : '',
      page: '/map',
    },
  ]
  return (
    <Box className="numbers card">
      {cells.map((cell) => (
        <Link
          key={cell.label}
          to={cell.page ?? '/devices'}
          search={cell.page ? {} : { q: cell.q || undefined }}
          className="number"
        >
          <Text size="xs" c="dimmed" component="span" display="block">
            {cell.label}
          </Text>
          <Text fz={22} fw={640} lh={1.25} component="span" display="block">
            {cell.value}
          </Text>
          <Text size="xs" c="dimmed" component="span" display="block">
            {cell.sub}
          </Text>
        </Link>
      ))}
    </Box>
  )
}
