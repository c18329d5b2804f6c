// Invitations that nobody has used yet.
import { Box, Button, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useChange } from '../../api/change'
import { get, remove } from '../../api/client'
import type { OpenInvitation, Page } from '../../api/schema'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'

export function Invitations() {
  const open = useQuery({
    queryKey: ['invitations'],
    queryFn: ({ signal }) => get<Page<OpenInvitation>>('/invitations', undefined, signal),
    refetchInterval: 15_000,
  })
  const withdraw = useChange({
    act: (invitation: OpenInvitation) => remove(`/invitations/${encodeURIComponent(invitation.id)}`),
    touches: ['invitations'],
    done: (_, invitation) => `The invitation of ${invitation.name} lets nobody in any more.`,
  })
  const items = open.data?.items ?? []
  if (items.length === 0) return null
  return (
    <Box mb="md">
      <Card title="Open invitations" note="Each lets one sensor in, once" flush>
        <Scroll>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th pl="md">Sensor</Table.Th>
                <Table.Th>Site</Table.Th>
                <Table.Th>Ends</Table.Th>
                <Table.Th>
                  <span className="hidden">Actions</span>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((invitation) => (
                <Table.Tr key={invitation.id}>
                  <Table.Td pl="md">{invitation.name}</Table.Td>
                  <Table.Td>{invitation.site}</Table.Td>
                  <Table.Td>
                    <Moment at={invitation.expires} exact />
                  </Table.Td>
                  <Table.Td>
                    <Button
                      size="compact-sm"
                      variant="default"
                      aria-label={`Withdraw the invitation of ${invitation.name}`}
                      onClick={() => withdraw.mutate(invitation)}
                    >
                      Withdraw
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      </Card>
    </Box>
  )
}
