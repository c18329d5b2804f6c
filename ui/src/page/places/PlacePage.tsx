// One place: its plan where it is a floor, the devices there now, and who was there.

import { Button, Group, Modal, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPencil, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useChange } from '../../api/change'
import { get, remove } from '../../api/client'
import type { DeviceSummary, Page, Place, Stay } from '../../api/schema'
import { many } from '../../logic/amount'
import { term } from '../../logic/query'
import { category, how, sentence } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { StatusMark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { IfMay, Loaded } from '../../part/State'
import { placePath } from '../device/Notes'
import { FloorPlan } from './FloorPlan'
import { PlaceEditor } from './PlaceEditor'

export function PlacePage({
  place,
  places,
  onChoose,
}: {
  place: Place
  places: Place[]
  onChoose: (id: string) => void
}) {
  const [editing, edit] = useDisclosure(false)
  const [removing, drop] = useDisclosure(false)
  const parent = place.parent ?? undefined
  const gone = useChange({
    act: () => remove(`/places/${encodeURIComponent(place.id)}`),
    touches: ['places'],
    done: `${place.name} is removed.`,
    after: () => {
      drop.close()
      if (parent) onChoose(parent)
    },
  })
  const devices = useQuery({
    queryKey: ['places', place.id, 'devices'],
    queryFn: ({ signal }) =>
      get<Page<DeviceSummary>>(`/places/${encodeURIComponent(place.id)}/devices`, { limit: 500 }, signal),
  })
  return (
    <>
      <Card
        title={placePath(places, place.id) || place.name}
        note={`${sentence(place.kind)} · ${many(place.devices, 'device')}${place.missing ? `, ${place.missing} missing` : ''}`}
        actions={
          <IfMay to="place.write">
            <Group gap={6} wrap="nowrap">
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<IconPencil size={14} aria-hidden />}
                onClick={edit.open}
              >
                Change
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<IconTrash size={14} aria-hidden />}
                onClick={drop.open}
              >
                Remove
              </Button>
            </Group>
          </IfMay>
        }
      >
        {place.rules.length > 0 ? (
          <Text size="sm" c="dimmed">
            Found by{' '}
            {place.rules.map((rule, index) => (
              <span key={`${rule.how} ${rule.pattern}`}>
                {index > 0 && ', or '}
                {sentence(rule.how).toLowerCase()} <span className="mono">{rule.pattern}</span>
              </span>
            ))}
          </Text>
        ) : (
          <Text size="sm" c="dimmed">
            No rule leads here: devices come only from places below it, or by a person.
          </Text>
        )}
      </Card>
      {place.kind === 'floor' && (
        <FloorPlan floor={place} places={places} devices={devices.data?.items ?? []} onChoose={onChoose} />
      )}
      <Card
        title="Here now"
        flush
        actions={
          <Link to="/devices" search={{ q: term('place', place.id) }} className="device-link" style={{ fontSize: 13 }}>
            Open as a list
          </Link>
        }
      >
        <Loaded of={devices}>
          {(data) =>
            data.items.length === 0 ? (
              <Text size="sm" c="dimmed" px="md" pb="md">
                No device is here now.
              </Text>
            ) : (
              <DeviceTable devices={data.items} />
            )
          }
        </Loaded>
      </Card>
      {(place.kind === 'room' || place.kind === 'storage') && <Visitors id={place.id} />}
      <PlaceEditor opened={editing} close={edit.close} places={places} place={place} onSaved={onChoose} />
      <Modal opened={removing} onClose={drop.close} title={`Remove ${place.name}?`}>
        <Text size="sm" mb="md">
          Devices that are placed by its rules lose their place; nothing else is lost.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={drop.close}>
            Keep it
          </Button>
          <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
            Remove
          </Button>
        </Group>
      </Modal>
    </>
  )
}

function DeviceTable({ devices }: { devices: DeviceSummary[] }) {
  const shown = devices.slice(0, 50)
  return (
    <Scroll>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th pl="md">Device</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Position</Table.Th>
            <Table.Th>Since</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((device) => (
            <Table.Tr key={device.id}>
              <Table.Td pl="md">
                <DeviceLink id={device.id} name={device.name} />
                <Text size="xs" c="dimmed">
                  {category(device.category)}
                </Text>
              </Table.Td>
              <Table.Td>
                <StatusMark of={device.status} />
              </Table.Td>
              <Table.Td>
                {device.whereabouts?.position ?? '–'}
                <Text size="xs" c="dimmed">
                  {device.whereabouts ? `by ${how(device.whereabouts.how)}` : ''}
                </Text>
              </Table.Td>
              <Table.Td>
                <Moment at={device.whereabouts?.since} none="–" />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {devices.length > shown.length && (
        <Text size="xs" c="dimmed" p="md">
          {shown.length} of {devices.length} shown; open the list for all.
        </Text>
      )}
    </Scroll>
  )
}

function Visitors({ id }: { id: string }) {
  const visitors = useQuery({
    queryKey: ['places', id, 'visitors'],
    queryFn: ({ signal }) => {
      const until = new Date()
      const from = new Date(until.getTime() - 30 * 86_400_000)
      return get<Page<Stay & { name?: string }>>(
        `/places/${encodeURIComponent(id)}/visitors`,
        { from: from.toISOString(), until: until.toISOString() },
        signal,
      )
    },
  })
  return (
    <Card title="Who was here" note="In the last 30 days" flush>
      <Loaded of={visitors}>
        {(data) =>
          data.items.length === 0 ? (
            <Text size="sm" c="dimmed" px="md" pb="md">
              Nobody, as far as is known.
            </Text>
          ) : (
            <Scroll>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th pl="md">Device</Table.Th>
                    <Table.Th>From</Table.Th>
                    <Table.Th>Until</Table.Th>
                    <Table.Th>Position</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.items.map((stay) => (
                    <Table.Tr key={`${stay.device} ${stay.whereabouts.since}`}>
                      <Table.Td pl="md">
                        <DeviceLink id={stay.device} name={stay.name} />
                      </Table.Td>
                      <Table.Td>
                        <Moment at={stay.whereabouts.since} exact />
                      </Table.Td>
                      <Table.Td>
                        <Moment at={stay.whereabouts.last} exact />
                      </Table.Td>
                      <Table.Td>{stay.whereabouts.position}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Scroll>
          )
        }
      </Loaded>
    </Card>
  )
}
