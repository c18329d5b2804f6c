// What happened to a device, and every value its attributes had.

import { Grid, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import type { AttributeChange, Event, Page } from '../../api/schema'
import { attribute, attributeValue } from '../../logic/word'
import { EventList } from '../../part/EventLine'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Failure, Loaded, Loading, More, Nothing } from '../../part/State'

export function Timeline({ id }: { id: string }) {
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Events id={id} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Attributes id={id} />
      </Grid.Col>
    </Grid>
  )
}

function Events({ id }: { id: string }) {
  const list = useInfiniteQuery({
    queryKey: ['events', 'device', id],
    queryFn: ({ pageParam, signal }) =>
      get<Page<Event>>(`/devices/${encodeURIComponent(id)}/events`, { limit: 50, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  })
  const events = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title="What happened" flush>
      {list.isPending ? (
        <Loading />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : events.length === 0 ? (
        <Nothing title="Nothing happened that is kept">Changes of this device appear here.</Nothing>
      ) : (
        <EventList events={events} device={false} />
      )}
      <More query={list} />
    </Card>
  )
}

function Attributes({ id }: { id: string }) {
  const history = useQuery({
    queryKey: ['device', id, 'history'],
    queryFn: ({ signal }) =>
      get<Page<AttributeChange>>(`/devices/${encodeURIComponent(id)}/history`, undefined, signal),
  })
  return (
    <Card title="What was known, when" flush>
      <Loaded of={history}>
        {(data) =>
          data.items.length === 0 ? (
            <Text size="sm" c="dimmed" px="md" pb="md">
              Nothing yet.
            </Text>
          ) : (
            <Scroll>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th pl="md">Since</Table.Th>
                    <Table.Th>What</Table.Th>
                    <Table.Th>Value</Table.Th>
                    <Table.Th>From</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.items.map((change) => (
                    <Table.Tr key={`${change.at} ${change.attribute} ${change.value}`}>
                      <Table.Td pl="md">
                        <Moment at={change.at} />
                      </Table.Td>
                      <Table.Td>{attribute(change.attribute)}</Table.Td>
                      <Table.Td>{attributeValue(change.attribute, change.value)}</Table.Td>
                      <Table.Td>
                        <Text size="xs" c="dimmed" className="mono">
                          {change.because}
                        </Text>
                      </Table.Td>
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
