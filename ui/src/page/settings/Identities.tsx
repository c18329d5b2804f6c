// What people decided about identities: which records are one device, and which are not.
import { Button, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useChange } from '../../api/change'
import { get, remove } from '../../api/client'
import type { DecisionRecord, Page } from '../../api/schema'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Loaded, Nothing } from '../../part/State'

export default function Identities() {
  const decisions = useQuery({
    queryKey: ['decisions'],
    queryFn: ({ signal }) => get<Page<DecisionRecord>>('/decisions', undefined, signal),
  })
  const undo = useChange({
    act: (number: number) => remove(`/decisions/${number}`),
    touches: ['decisions', 'devices', 'device'],
    done: 'Taken back. The devices are told apart by the evidence again.',
  })
  return (
    <Card
      title="Decisions about identity"
      note="What people decided stays decided, whatever the wire says, until it is taken back."
      flush
    >
      <Loaded of={decisions}>
        {(data) =>
          data.items.length === 0 ? (
            <Nothing title="Nothing was decided by people">
              Devices are told apart by evidence. Where that is wrong, merge devices in the list, or split one on its
              page.
            </Nothing>
          ) : (
            <Scroll>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th pl="md">Decision</Table.Th>
                    <Table.Th>Why</Table.Th>
                    <Table.Th>By</Table.Th>
                    <Table.Th>
                      <span className="hidden">Actions</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.items.map(({ record, undone }) => (
                    <Table.Tr key={record.number}>
                      <Table.Td pl="md">
                        {record.decision.kind === 'join' ? 'One device: ' : 'Not part of it: '}
                        <span className="mono">
                          {record.decision.kind === 'join' ? record.decision.nodes.join(', ') : record.decision.node}
                        </span>
                        <Text size="xs" c="dimmed">
                          {record.site}
                        </Text>
                      </Table.Td>
                      <Table.Td>{record.reason}</Table.Td>
                      <Table.Td>
                        {record.by}
                        <Text size="xs" c="dimmed" component="div">
                          <Moment at={record.at} exact />
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        {undone ? (
                          <Text size="xs" c="dimmed" component="div">
                            taken back by {undone.by} <Moment at={undone.at} />
                          </Text>
                        ) : (
                          <Button
                            size="compact-sm"
                            variant="default"
                            aria-label={`Take back decision ${record.number}`}
                            onClick={() => undo.mutate(record.number)}
                          >
                            Take back
                          </Button>
                        )}
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
