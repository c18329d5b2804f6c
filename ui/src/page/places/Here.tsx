// One place: what is there, on its plan where it has one, and who was there lately.
import { Button, Group, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { get } from '../../api/client'
import type { DeviceSummary, Page, Place, Stay } from '../../api/schema'
import { category } from '../../logic/word'
import { Card } from '../../part/Layout'
import { StatusMark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { IfMay, Loaded, Nothing } from '../../part/State'
import { Floor } from './Floor'
import { PlaceForm } from './PlaceForm'

const WEEK = 7 * 86_400_000

export function Here({ place, places }: { place: Place; places: Place[] }) {
  const [editing, setEditing] = useState(false)
  const path = `/places/${encodeURIComponent(place.id)}`
  const from = useMemo(() => new Date(Date.now() - WEEK).toISOString(), [])
  const devices = useQuery({
    queryKey: ['devices', 'place', place.id],
    queryFn: ({ signal }) => get<Page<DeviceSummary>>(`${path}/devices`, undefined, signal),
  })
  const visitors = useQuery({
    queryKey: ['visitors', place.id],
    queryFn: ({ signal }) => get<{ items: Stay[] }>(`${path}/visitors`, { from }, signal),
  })
  const inside = places.filter((one) => one.parent === place.id)
  return (
    <Stack gap="md">
      <Card
        title={place.name}
        note={place.rules.map((rule) => `${rule.how} ${rule.pattern}`).join(' · ') || 'No rule says what is here'}
        actions={
          <IfMay to="place.write">
            <Button size="compact-sm" variant="default" onClick={() => setEditing(true)}>
              Change
            </Button>
          </IfMay>
        }
        flush
      >
        {inside.some((one) => one.x != null && one.y != null) && <Floor place={place} inside={inside} />}
        <Loaded of={devices}>
          {({ items }) =>
            items.length === 0 ? (
              <Nothing title="No device is here now" />
            ) : (
              <Table.ScrollContainer minWidth={480}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Device</Table.Th>
                      <Table.Th>Kind</Table.Th>
                      <Table.Th>Where exactly</Table.Th>
                      <Table.Th>Status</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((device) => (
                      <Table.Tr key={device.id}>
                        <Table.Td>
                          <Link to="/devices/$id" params={{ id: device.id }}>
                            {device.name}
                          </Link>
                        </Table.Td>
                        <Table.Td>{category(device.category)}</Table.Td>
                        <Table.Td>{device.whereabouts?.position}</Table.Td>
                        <Table.Td>
                          <StatusMark of={device.status} />
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )
          }
        </Loaded>
      </Card>
      <Card title="Here in the last week">
        <Loaded of={visitors}>
          {({ items }) =>
            items.length === 0 ? (
              <Text size="sm">Nobody came or went.</Text>
            ) : (
              <Stack gap={4} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {items.slice(0, 100).map((stay) => (
                  <Group key={`${stay.device} ${stay.whereabouts.since}`} component="li" gap="xs">
                    <Text size="sm">
                      <Link to="/devices/$id" params={{ id: stay.device }}>
                        {stay.device}
                      </Link>{' '}
                      at {stay.whereabouts.position} since <Moment at={stay.whereabouts.since} />
                    </Text>
                  </Group>
                ))}
              </Stack>
            )
          }
        </Loaded>
      </Card>
      {editing && <PlaceForm place={place} places={places} close={() => setEditing(false)} />}
    </Stack>
  )
}
