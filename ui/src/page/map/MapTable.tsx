// The map in words: who talks to whom, most traffic first.

import { Anchor, Table, Text, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useProtocols } from '../../api/protocols'
import type { MapAnswer } from '../../api/schema'
import { bytes, count } from '../../logic/amount'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'

const STEP = 100

export function MapTable({
  map,
  name,
  onChoose,
}: {
  map: MapAnswer
  name: (id: string) => string
  onChoose: (id: string) => void
}) {
  const [shown, setShown] = useState(STEP)
  const protocol = useProtocols()
  const end = (id: string) => (
    <UnstyledButton className="device-link" onClick={() => onChoose(id)} py={3}>
      {name(id)}
    </UnstyledButton>
  )
  return (
    <Scroll>
      <Table>
        <caption className="hidden">Who talks to whom, most traffic first</caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th pl="md">One end</Table.Th>
            <Table.Th>The other</Table.Th>
            <Table.Th ta="right">Traffic</Table.Th>
            <Table.Th ta="right">Conversations</Table.Th>
            <Table.Th>Protocols</Table.Th>
            <Table.Th>Last</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {map.links.slice(0, shown).map((link) => (
            <Table.Tr key={`${link.from} ${link.to}`}>
              <Table.Td pl="md">{end(link.from)}</Table.Td>
              <Table.Td>
                {link.from === link.to ? (
                  <Text span size="sm" c="dimmed">
                    among themselves
                  </Text>
                ) : (
                  end(link.to)
                )}
              </Table.Td>
              <Table.Td ta="right">{bytes(link.bytes)}</Table.Td>
              <Table.Td ta="right">{count(link.conversations)}</Table.Td>
              <Table.Td>{link.protocols.map(protocol).join(', ')}</Table.Td>
              <Table.Td>
                <Moment at={link.last_seen} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {map.links.length > shown && (
        <Anchor component="button" size="sm" m="md" onClick={() => setShown(shown + STEP)}>
          Show {count(Math.min(STEP, map.links.length - shown))} more of {count(map.links.length)}
        </Anchor>
      )}
    </Scroll>
  )
}
