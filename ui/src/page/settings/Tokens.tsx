// Access for programs.
import { Badge, Button, Modal, MultiSelect, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, remove } from '../../api/client'
import type { Page, Role, Token } from '../../api/schema'
import { useSession, useSites } from '../../api/session'
import { ROLE_NAMES, role } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Moment, useNow } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Secret } from '../../part/Secret'
import { Loaded, Nothing } from '../../part/State'

export default function Tokens() {
  const [adding, add] = useDisclosure(false)
  const now = useNow()
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => get<Page<Token>>('/tokens', undefined, signal),
  })
  const drop = useChange({
    act: (token: Token) => remove(`/tokens/${encodeURIComponent(token.id)}`),
    touches: ['tokens'],
    done: (_, token) => `${token.name} works no more.`,
  })
  return (
    <Card
      title="Access tokens"
      note="For programs that use the API: dashboards, scripts, other products"
      flush
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>
          New token
        </Button>
      }
    >
      <Loaded of={tokens}>
        {(data) =>
          data.items.length === 0 ? (
            <Nothing title="No program has access">
              A token lets a program in with a role of its own, until a day you choose.
            </Nothing>
          ) : (
            <Scroll>
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th pl="md">Name</Table.Th>
                    <Table.Th>Role</Table.Th>
                    <Table.Th>Only for</Table.Th>
                    <Table.Th>Ends</Table.Th>
                    <Table.Th>Last used</Table.Th>
                    <Table.Th>
                      <span className="hidden">Actions</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.items.map((token) => (
                    <Table.Tr key={token.id}>
                      <Table.Td pl="md">
                        <Text size="sm" fw={550}>
                          {token.name}
                        </Text>
                        <Text size="xs" c="dimmed">
                          {token.sites?.join(', ') ?? 'all sites'}
                        </Text>
                      </Table.Td>
                      <Table.Td>{role(token.role)}</Table.Td>
                      <Table.Td>
                        <Text size="xs" className="mono">
                          {token.scopes.join(', ') || 'all its role may'}
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        {token.expires && new Date(token.expires) < now ? (
                          <Badge variant="default" tt="none" size="sm">
                            ended
                          </Badge>
                        ) : (
                          <Moment at={token.expires} exact none="never" />
                        )}
                      </Table.Td>
                      <Table.Td>
                        <Moment at={token.last_used} />
                      </Table.Td>
                      <Table.Td>
                        <Button
                          size="compact-sm"
                          variant="default"
                          aria-label={`Revoke ${token.name}`}
                          onClick={() => drop.mutate(token)}
                        >
                          Revoke
                        </Button>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Scroll>
          )
        }
      </Loaded>
      <Modal opened={adding} onClose={add.close} title="New access token">
        {adding && <TokenForm close={add.close} />}
      </Modal>
    </Card>
  )
}

const ENDS = [
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In a year'],
] as const

function TokenForm({ close }: { close: () => void }) {
  const known = useSites()
  const may = useSession().data?.permissions ?? []
  const [name, setName] = useState('')
  const [as, setAs] = useState<Role>('viewer')
  const [scopes, setScopes] = useState<string[]>(['device.read'])
  const [sites, setSites] = useState<string[]>([])
  const [ends, setEnds] = useState('90')
  const save = useChange({
    act: () =>
      post<{ token: string }>('/tokens', {
        name: name.trim(),
        role: as,
        scopes,
        sites: sites.length ? sites : null,
        expires: new Date(Date.now() + Number(ends) * 86_400_000).toISOString(),
      }),
    touches: ['tokens'],
  })
  if (save.data) {
    return (
      <Stack gap="sm">
        <Text size="sm">Copy the token now; it is never shown again.</Text>
        <Secret value={save.data.token} label="Token" />
        <Button onClick={close}>Done</Button>
      </Stack>
    )
  }
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (name.trim()) save.mutate()
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="What it is for"
          data-autofocus
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="Role"
          data={ROLE_NAMES.map((value) => ({ value, label: role(value) }))}
          value={as}
          onChange={(value) => value && setAs(value as Role)}
        />
        <MultiSelect
          label="Only for"
          description="None chosen: all that its role may"
          data={may}
          value={scopes}
          onChange={setScopes}
        />
        <MultiSelect
          label="Sites"
          description="None chosen: all sites"
          data={known}
          value={sites}
          onChange={setSites}
        />
        <Select
          label="Ends"
          data={ENDS.map(([value, label]) => ({ value, label }))}
          value={ends}
          onChange={(value) => value && setEnds(value)}
        />
        <Button type="submit" disabled={!name.trim()} loading={save.isPending}>
          Make the token
        </Button>
      </Stack>
    </form>
  )
}
