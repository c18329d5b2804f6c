// How much of a site is heard, and its blind spots: devices others speak of that were never heard.

import { Box, Group, Progress, Select, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { get } from '../../api/client'
import type { Coverage as Answer } from '../../api/schema'
import { count, many, percent } from '../../logic/amount'
import { term } from '../../logic/query'
import { category } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { Scroll } from '../../part/Scroll'
import { Loaded } from '../../part/State'

export function Coverage({ sites }: { sites: string[] }) {
  const [site, setSite] = useState(sites[0] ?? '')
  const coverage = useQuery({
    queryKey: ['coverage', site],
    queryFn: ({ signal }) => get<Answer>('/coverage', { site }, signal),
  })
  return (
    <Card
      title="Coverage"
      note="Who is heard, and who is only spoken of"
      actions={
        sites.length > 1 ? (
          <Select aria-label="Site" w={180} data={sites} value={site} onChange={(value) => value && setSite(value)} />
        ) : undefined
      }
    >
      <Loaded of={coverage}>{(data) => <Shown coverage={data} site={site} />}</Loaded>
    </Card>
  )
}

function Shown({ coverage, site }: { coverage: Answer; site: string }) {
  const all = coverage.heard + coverage.unheard
  const vlans = Object.entries(coverage.vlans).sort((a, b) => b[1] - a[1])
  return (
    <Stack gap="md">
      <Box>
        <Text size="sm" mb={6}>
          <b>{percent(all ? coverage.heard / all : 0)}</b> of the devices known at {site || 'all sites'} are heard
          themselves: {count(coverage.heard)} of {count(all)}.
        </Text>
        <Progress value={all ? (coverage.heard / all) * 100 : 0} aria-label="Share of devices that are heard" />
      </Box>
      {vlans.length > 0 && (
        <Box>
          <Text size="sm" fw={600} mb={4}>
            VLANs heard
          </Text>
          <Group gap={6}>
            {vlans.map(([vlan, devices]) => (
              <Link key={vlan} to="/devices" search={{ q: `vlan:${vlan} ${term('site', site)}` }} className="chip">
                VLAN {vlan} <b>{count(devices)}</b>
              </Link>
            ))}
          </Group>
        </Box>
      )}
      <Box>
        <Text size="sm" fw={600}>
          Blind spots
        </Text>
        <Text size="sm" c="dimmed" mb={4}>
          {coverage.unheard === 0
            ? 'None: everybody who is spoken of was heard.'
            : `${many(coverage.unheard, 'device')} known from leases, address tables or the inventory, never heard. Perhaps their switch is not mirrored to a sensor.`}
        </Text>
        {coverage.blind_spots.length > 0 && (
          <Scroll>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th pl={0}>Device</Table.Th>
                  <Table.Th>Kind</Table.Th>
                  <Table.Th>Address</Table.Th>
                  <Table.Th>VLAN</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {coverage.blind_spots.slice(0, 15).map((device) => (
                  <Table.Tr key={device.id}>
                    <Table.Td pl={0}>
                      <DeviceLink id={device.id} name={device.name} />
                    </Table.Td>
                    <Table.Td>{category(device.category)}</Table.Td>
                    <Table.Td className="mono">{device.ips[0] ?? device.macs[0] ?? '–'}</Table.Td>
                    <Table.Td>{device.vlans.join(', ') || '–'}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scroll>
        )}
        {coverage.unheard > 15 && (
          <Link to="/devices" search={{ q: `status:unheard ${term('site', site)}` }} className="device-link">
            All {count(coverage.unheard)}
          </Link>
        )}
      </Box>
    </Stack>
  )
}
