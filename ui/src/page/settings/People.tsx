// Who may sign in, and what they may do.
import { Badge, Button, Group, Modal, MultiSelect, Select, Stack, Switch, Table, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, put, remove } from '../../api/client'
import type { Page, Person, Role } from '../../api/schema'
import { useSession, useSites } from '../../api/session'
import { ROLE_NAMES, role, roleMeaning } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Secret } from '../../part/Secret'
import { Loaded } from '../../part/State'

export default function People() {
  const [editing, setEditing] = useState<Person | 'new'>()
  const people = useQuery({
    queryKey: ['people'],
    queryFn: ({ signal }) => get<Page<Person>>('/people', undefined, signal),
  })
  return (
    <Card
      title="People"
      note="Who may sign in, and what they may do"
      flush
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
          Add a person
        </Button>
      }
    >
      <Loaded of={people}>
        {(data) => (
          <Scroll>
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th pl="md">Name</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>Sites</Table.Th>
                  <Table.Th>Authenticator</Table.Th>
                  <Table.Th>Last signed in</Table.Th>
                  <Table.Th>
                    <span className="hidden">Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.items.map((person) => (
                  <Table.Tr key={person.name}>
                    <Table.Td pl="md">
                      <Group gap={6} wrap="nowrap">
                        <Text size="sm" fw={550}>
                          {person.display}
                        </Text>
                        {person.disabled && (
                          <Badge variant="default" tt="none" size="sm">
                            disabled
                          </Badge>
                        )}
                      </Group>
                      <Text size="xs" c="dimmed">
                        {person.name}
                        {person.source === 'oidc' ? ', by single sign-on' : ''}
                      </Text>
                    </Table.Td>
                    <Table.Td>{role(person.role)}</Table.Td>
                    <Table.Td>{person.sites?.join(', ') ?? 'All'}</Table.Td>
                    <Table.Td>{person.totp ? 'On' : 'Off'}</Table.Td>
                    <Table.Td>
                      <Moment at={person.last_login} />
                    </Table.Td>
                    <Table.Td>
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`Change ${person.display}`}
                        onClick={() => setEditing(person)}
                      >
                        Change
                      </Button>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Scroll>
        )}
      </Loaded>
      <Modal
        opened={Boolean(editing)}
        onClose={() => setEditing(undefined)}
        title={editing === 'new' ? 'Add a person' : `Change ${editing?.display}`}
      >
        {editing && <PersonForm person={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />}
      </Modal>
    </Card>
  )
}

function PersonForm({ person, close }: { person?: Person; close: () => void }) {
  const me = useSession().data?.person?.name
  const known = useSites()
  const [name, setName] = useState(person?.name ?? '')
  const [display, setDisplay] = useState(person?.display ?? '')
  const [as, setAs] = useState<Role>(person?.role ?? 'viewer')
  const [sites, setSites] = useState(person?.sites ?? [])
  const [disabled, setDisabled] = useState(person?.disabled ?? false)
  const [removing, sure] = useDisclosure(false)
  const body = { display: display.trim(), role: as, sites: sites.length ? sites : null, disabled }
  const save = useChange({
    act: async () => {
      if (!person) return post<{ password?: string }>('/people', { name: name.trim(), ...body })
      await put(`/people/${encodeURIComponent(person.name)}`, body)
      return {} as { password?: string }
    },
    touches: ['people'],
    done: (answer) => (answer.password ? 'The person is added.' : 'Saved.'),
    after: (answer) => {
      if (!answer.password) close()
    },
  })
  const drop = useChange({
    act: () => remove(`/people/${encodeURIComponent(person?.name ?? '')}`),
    touches: ['people'],
    done: `${person?.display} is removed.`,
    after: close,
  })
  if (save.data?.password) {
    return (
      <Stack gap="sm">
        <Text size="sm">
          Give {display || name} this one-time password. It is shown only now; the first sign-in asks for a new one.
        </Text>
        <Secret value={save.data.password} label="Password" />
        <Button onClick={close}>Done</Button>
      </Stack>
    )
  }
  const ready = display.trim() && (person || /^[\w.@-]+$/.test(name.trim()))
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (ready) save.mutate()
      }}
    >
      <Stack gap="sm">
        {!person && (
          <TextInput
            label="Name to sign in with"
            data-autofocus
            maxLength={64}
            value={name}
            error={name && !/^[\w.@-]+$/.test(name.trim()) ? 'Only letters, digits, dots, hyphens and @' : undefined}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        <TextInput
          label="Full name"
          maxLength={80}
          value={display}
          onChange={(event) => setDisplay(event.currentTarget.value)}
        />
        <Select
          label="Role"
          description={roleMeaning(as)}
          data={ROLE_NAMES.map((value) => ({ value, label: role(value) }))}
          value={as}
          disabled={person?.name === me}
          onChange={(value) => value && setAs(value as Role)}
        />
        <MultiSelect
          label="Sites"
          description="None chosen: all sites"
          data={known}
          value={sites}
          onChange={setSites}
        />
        {person && person.name !== me && (
          <Switch
            label="May not sign in"
            checked={disabled}
            onChange={(event) => setDisabled(event.currentTarget.checked)}
          />
        )}
        <Group justify="space-between" mt="xs">
          {person && person.name !== me ? (
            removing ? (
              <Button color="red" loading={drop.isPending} onClick={() => drop.mutate()}>
                Yes, remove
              </Button>
            ) : (
              <Button variant="default" onClick={sure.open}>
                Remove
              </Button>
            )
          ) : (
            <span />
          )}
          <Group gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" disabled={!ready} loading={save.isPending}>
              {person ? 'Save' : 'Add'}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  )
}
