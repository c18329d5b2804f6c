// The map as a table: each link a row, the largest first.
import { Anchor, Table } from '@mantine/core'
import type { MapAnswer } from '../../api/schema'
import { bytes, count } from '../../logic/amount'
import { protocol } from '../../logic/word'
import { Moment } from '../../part/Moment'

/** Rows that are drawn. */
const MOST = 300

export function LinkTable({ answer, open }: { answer: MapAnswer; open: (id: string) => void }) {
  const label = new Map(answer.nodes.map((node) => [node.id, node.label || 'not known']))
  const end = (id: string) => (
    <Anchor component="button" type="button" size="sm" ta="left" onClick={() => open(id)}>
      {label.get(id) ?? (id || 'not known')}
    </Anchor>
  )
  return (
    <Table.ScrollContainer minWidth={680}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            <Table.Th>To</Table.Th>
            <Table.Th>Protocols</Table.Th>
            <Table.Th ta="right">Conversations</Table.Th>
            <Table.Th ta="right">Volume</Table.Th>
            <Table.Th>Last</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {answer.links.slice(0, MOST).map((link) => (
            <Table.Tr key={`${link.from}>${link.to}`}>
              <Table.Td>{end(link.from)}</Table.Td>
              <Table.Td>{end(link.to)}</Table.Td>
              <Table.Td>{link.protocols.map(protocol).join(', ')}</Table.Td>
              <Table.Td ta="right">{count(link.conversations)}</Table.Td>
              <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                {bytes(link.bytes)}
              </Table.Td>
              <Table.Td style={{ whiteSpace: 'nowrap' }}>
                <Moment at={link.last_seen} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}
