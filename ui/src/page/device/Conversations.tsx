// Every conversation of a device.

import { SegmentedControl, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get } from '../../api/client'
import { useProtocols } from '../../api/protocols'
import type { ConversationRow, Page } from '../../api/schema'
import { bytes, count } from '../../logic/amount'
import { category } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Failure, Loading, More } from '../../part/State'

export function Conversations({ id }: { id: string }) {
  const [by, setBy] = useState('volume')
  const list = useInfiniteQuery({
    queryKey: ['device', id, 'conversations', by],
    queryFn: ({ pageParam, signal }) =>
      get<Page<ConversationRow>>(
        `/devices/${encodeURIComponent(id)}/conversations`,
        { by, limit: 50, cursor: pageParam },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  })
  const rows = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card
      title="Conversations"
      flush
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Order"
          value={by}
          onChange={setBy}
          data={[
            { value: 'volume', label: 'Most traffic' },
            { value: 'time', label: 'Latest' },
          ]}
        />
      }
    >
      {list.isPending ? (
        <Loading />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : rows.length === 0 ? (
        <Text size="sm" c="dimmed" px="md" pb="md">
          It was not heard talking to anybody.
        </Text>
      ) : (
        <Scroll>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th pl="md">With</Table.Th>
                <Table.Th>Protocol</Table.Th>
                <Table.Th>Who asks</Table.Th>
                <Table.Th ta="right">Traffic</Table.Th>
                <Table.Th ta="right">Times</Table.Th>
                <Table.Th>Last</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Row
                  key={`${row.originator} ${row.responder} ${row.transport} ${row.port} ${row.protocol}`}
                  row={row}
                  id={id}
                />
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
      <More query={list} />
    </Card>
  )
}

function Row({ row, id }: { row: ConversationRow; id: string }) {
  const asks = row.originator === id
  const protocol = useProtocols()
  const [peer, name, scope, kind] = asks
    ? [row.responder, row.responder_name, row.responder_scope, row.responder_category]
    : [row.originator, row.originator_name, row.originator_scope, row.originator_category]
  return (
    <Table.Tr>
      <Table.Td pl="md">
        <DeviceLink id={peer} name={name} />
        <Text size="xs" c="dimmed" component="div">
          {scope === 'external' ? <Mark tone="high">Outside the network</Mark> : kind ? category(kind) : ''}
        </Text>
      </Table.Td>
      <Table.Td>
        {protocol(row.protocol)}{' '}
        <Text span size="xs" c="dimmed" className="mono">
          {row.port}/{row.transport}
        </Text>
      </Table.Td>
      <Table.Td>{asks ? 'this device' : 'the other'}</Table.Td>
      <Table.Td ta="right">{bytes(row.bytes)}</Table.Td>
      <Table.Td ta="right">{count(row.flows)}</Table.Td>
      <Table.Td>
        <Moment at={row.last_seen} />
      </Table.Td>
    </Table.Tr>
  )
}
