// How much of a site is heard, and its blind spots: devices others speak of that were never heard.

import { Box, Group, Progress, Select, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { get } from '../../api/client'
import type { Coverage as Answer, Facet } from '../../api/schema'
import { count, many, percent } from '../../logic/amount'
import { term } from '../../logic/query'
import { category } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { Scroll } from '../../part/Scroll'
import { Loaded } from '../../part/State'

const MOST = 15

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
      <OtherSites sites={sites.filter((one) => one !== site)} choose={setSite} />
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
            : `${many(coverage.unheard, 'device')} known from leases, address tables or broadcasts only: what they say to others was never heard. Perhaps their switch is not mirrored to a sensor.`}
        </Text>
        <Spots
          title="By VLAN"
          name={(vlan) => `VLAN ${vlan}`}
          search={(vlan) => `status:unheard vlan:${vlan} ${term('site', site)}`}
          unheard={coverage.unheard_vlans}
          heard={coverage.vlans}
        />
        <Spots
          title="By switch"
          name={(name) => name}
          search={(name) => `status:unheard ${term('port', name)} ${term('site', site)}`}
          unheard={coverage.unheard_switches}
          heard={coverage.switches}
        />
        {coverage.blind_spots.length > 0 && (
          <Scroll>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th pl={0}>Device</Table.Th>
                  <Table.Th>Kind</Table.Th>
                  <Table.Th>Address</Table.Th>
                  <Table.Th>VLAN</Table.Th>
                  <Table.Th>Where</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {coverage.blind_spots.slice(0, MOST).map((device) => (
                  <Table.Tr key={device.id}>
                    <Table.Td pl={0}>
                      <DeviceLink id={device.id} name={device.name} />
                    </Table.Td>
                    <Table.Td>{category(device.category)}</Table.Td>
                    <Table.Td className="mono">{device.ips[0] ?? device.macs[0] ?? '–'}</Table.Td>
                    <Table.Td>{device.vlans.join(', ') || '–'}</Table.Td>
                    <Table.Td>{device.whereabouts?.position ?? '–'}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scroll>
        )}
        {coverage.unheard > MOST && (
          <Link to="/devices" search={{ q: `status:unheard ${term('site', site)}` }} className="device-link">
            All {count(coverage.unheard)}
          </Link>
        )}
      </Box>
      {coverage.inventory && coverage.inventory.total > 0 && <Unlisted of={coverage.inventory} />}
    </Stack>
  )
}

/** How many are not heard at the other sites. */
function OtherSites({ sites, choose }: { sites: string[]; choose: (site: string) => void }) {
  const counted = useQuery({
    queryKey: ['devices', 'unheard-sites'],
    queryFn: ({ signal }) =>
      get<{ facets: Facet[] }>('/devices/facets', { q: 'status:unheard', fields: 'site', limit: 100 }, signal),
    enabled: sites.length > 0,
  })
  const values = counted.data?.facets[0]?.values.filter((one) => sites.includes(one.value)) ?? []
  if (values.length === 0) return null
  return (
    <Group gap={6} mb="md">
      <Text size="sm" c="dimmed" span>
        Never heard at other sites:
      </Text>
      {values.map((one) => (
        <button key={one.value} type="button" className="chip" onClick={() => choose(one.value)}>
          {one.value} <b>{count(one.count)}</b>
        </button>
      ))}
    </Group>
  )
}

/** Where devices are not heard: so many of how many, each leading to them. */
function Spots(of: {
  title: string
  name: (key: string) => string
  search: (key: string) => string
  unheard: Record<string, number>
  heard: Record<string, number>
}) {
  const spots = Object.entries(of.unheard).sort((a, b) => b[1] - a[1])
  if (spots.length === 0) return null
  return (
    <Box mb="sm">
      <Text size="xs" c="dimmed" mb={4}>
        {of.title}
      </Text>
      <Group gap={6}>
        {spots.slice(0, MOST).map(([key, devices]) => (
          <Link key={key} to="/devices" search={{ q: of.search(key) }} className="chip">
            {of.name(key)}{' '}
            <b>
              {count(devices)} of {count(devices + (of.heard[key] ?? 0))}
            </b>
          </Link>
        ))}
        {spots.length > MOST && (
          <Text size="sm" c="dimmed" span>
            and {count(spots.length - MOST)} more
          </Text>
        )}
      </Group>
    </Box>
  )
}

/** What the maintenance system lists and nobody heard at any site. */
function Unlisted({ of }: { of: NonNullable<Answer['inventory']> }) {
  const shown = of.items.slice(0, MOST)
  return (
    <Box>
      <Text size="sm" fw={600}>
        In the inventory, nowhere on the network
      </Text>
      <Text size="sm" c="dimmed" mb={4}>
        {many(of.total, 'asset')} of the maintenance system {of.total === 1 ? 'was' : 'were'} never seen at any site:
        not connected, out of the sensors' reach, or gone.
      </Text>
      <Scroll>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th pl={0}>Asset</Table.Th>
              <Table.Th>Maker and model</Table.Th>
              <Table.Th>Serial number</Table.Th>
              <Table.Th>Location</Table.Th>
              <Table.Th>Value</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((asset) => (
              <Table.Tr key={JSON.stringify(asset)}>
                <Table.Td pl={0}>{asset.tag || asset.name || asset.mac || asset.ip || '–'}</Table.Td>
                <Table.Td>{[asset.vendor, asset.model].filter(Boolean).join(' ') || '–'}</Table.Td>
                <Table.Td className="mono">{asset.serial || '–'}</Table.Td>
                <Table.Td>{asset.location || '–'}</Table.Td>
                <Table.Td>{asset.value || '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
      {of.total > shown.length && (
        <Link to="/settings" search={{ part: 'integrations' }} className="device-link">
          All {count(of.total)}: Integrations
        </Link>
      )}
    </Box>
  )
}
