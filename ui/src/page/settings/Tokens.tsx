// Tokens: keys for programs, with a role, sites, and an end.
import { Button, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, remove } from '../../api/client'
import type { Token } from '../../api/schema'
import { ROLE_NAMES, role } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Loaded, Nothing } from '../../part/State'
import { Wide } from '../../part/Wide'
import { Once } from './Once'

const LIVES = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
]

export function Tokens() {
  const tokens = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => get<{ items: Token[] }>('/tokens', undefined, signal),
  })
  const [made, setMade] = useState<string>()
  const gone = useChange<string>({
    act: (id) => remove(`/tokens/${encodeURIComponent(id)}`),
    touches: ['tokens'],
    done: 'The token is of no more use',
  })
  return (
    <Stack gap="md">
      {made && <Once title="The new token: shown only now" value={made} close={() => setMade(undefined)} />}
      <Card title="Make a token" note="For a program that asks Medward by itself">
        <Make made={setMade} />
      </Card>
      <Card flush title="Tokens">
        <Loaded of={tokens}>
          {({ items }) =>
            items.length === 0 ? (
              <Nothing title="There is no token" />
            ) : (
              <Wide least={560} label="Tokens">
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Role</Table.Th>
                      <Table.Th>Ends</Table.Th>
                      <Table.Th>Last used</Table.Th>
                      <Table.Th>
                        <span className="hidden">End it</span>
                      </Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((token) => (
                      <Table.Tr key={token.id}>
                        <Table.Td>{token.name}</Table.Td>
                        <Table.Td>{role(token.role)}</Table.Td>
                        <Table.Td>
                          <Moment at={token.expires} exact none="never" />
                        </Table.Td>
                        <Table.Td>
                          <Moment at={token.last_used} />
                        </Table.Td>
                        <Table.Td ta="right">
                          <Button
                            size="compact-sm"
                            variant="subtle"
                            color="red"
                            aria-label={`End token ${token.name}`}
                            onClick={() => gone.mutate(token.id)}
                          >
                            End it
                          </Button>
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Wide>
            )
          }
        </Loaded>
      </Card>
    </Stack>
  )
}

function Make({ made }: { made: (token: string) => void }) {
  const [name, setName] = useState('')
  const [as, setAs] = useState('viewer')
  const [days, setDays] = useState('90')
  const make = useChange<void, { token: string }>({
    act: () =>
      post('/tokens', {
        name: name.trim(),
        role: as,
        sites: null,
        scopes: [],
        expires: new Date(Date.now() + Number(days) * 86_400_000).toISOString(),
      }),
    touches: ['tokens'],
    after: (answer) => {
      made(answer.token)
      setName('')
    },
  })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        make.mutate()
      }}
    >
      <Group align="flex-end" gap="sm">
        <TextInput label="What it is for" required value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <Select
          label="Role"
          data={ROLE_NAMES.map((one) => ({ value: one, label: role(one) }))}
          value={as}
          allowDeselect={false}
          onChange={(v) => v && setAs(v)}
        />
        <Select
          label="Good for"
          data={LIVES}
          value={days}
          allowDeselect={false}
          onChange={(v) => v && setDays(v)}
          w={130}
        />
        <Button type="submit" loading={make.isPending} disabled={!name.trim()}>
          Make it
        </Button>
      </Group>
      <Text size="xs" c="dimmed" mt={6}>
        It can do what its role may do, and nothing more than you may.
      </Text>
    </form>
  )
}
