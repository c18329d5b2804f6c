// People: who may sign in, in which role, for which sites.
import { Button, Checkbox, Group, Modal, Select, Stack, Table, TagsInput, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, put, remove } from '../../api/client'
import type { Person, Role } from '../../api/schema'
import { useSites } from '../../api/session'
import { ROLE_NAMES, role, roleMeaning } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Loaded } from '../../part/State'
import { Wide } from '../../part/Wide'
import { Once } from './Once'

const NOBODY: Person = {
  name: '',
  display: '',
  role: 'viewer',
  sites: null,
  disabled: false,
  totp: false,
  source: 'local',
}

export function People() {
  const people = useQuery({
    queryKey: ['people'],
    queryFn: ({ signal }) => get<{ items: Person[] }>('/people', undefined, signal),
  })
  const [editing, setEditing] = useState<{ person: Person; fresh: boolean }>()
  const [password, setPassword] = useState<{ name: string; password: string }>()
  return (
    <Stack gap="md">
      {password && (
        <Once
          title={`One-time password of ${password.name}: shown only now`}
          value={password.password}
          close={() => setPassword(undefined)}
        />
      )}
      <Card
        flush
        title="People"
        actions={
          <Button
            size="compact-md"
            leftSection={<IconPlus size={15} aria-hidden />}
            onClick={() => setEditing({ person: NOBODY, fresh: true })}
          >
            Add a person
          </Button>
        }
      >
        <Loaded of={people}>
          {({ items }) => (
            <Wide least={640} label="People">
              <Table>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Name</Table.Th>
                    <Table.Th>Role</Table.Th>
                    <Table.Th>Sites</Table.Th>
                    <Table.Th>Code</Table.Th>
                    <Table.Th>Last sign-in</Table.Th>
                    <Table.Th>
                      <span className="hidden">Change</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {items.map((person) => (
                    <Table.Tr key={person.name}>
                      <Table.Td>
                        {person.display || person.name}{' '}
                        <Text span size="xs" c="dimmed">
                          {person.name}
                          {person.source === 'oidc' ? ', single sign-on' : ''}
                        </Text>{' '}
                        {person.disabled && <Mark tone="medium">disabled</Mark>}
                      </Table.Td>
                      <Table.Td>{role(person.role)}</Table.Td>
                      <Table.Td>{person.sites?.join(', ') ?? 'all'}</Table.Td>
                      <Table.Td>{person.totp ? 'yes' : 'no'}</Table.Td>
                      <Table.Td>
                        <Moment at={person.last_login} />
                      </Table.Td>
                      <Table.Td ta="right">
                        <Button
                          size="compact-sm"
                          variant="subtle"
                          aria-label={`Change ${person.name}`}
                          onClick={() => setEditing({ person, fresh: false })}
                        >
                          Change
                        </Button>
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Wide>
          )}
        </Loaded>
      </Card>
      {editing && (
        <Edit
          key={editing.person.name}
          {...editing}
          close={() => setEditing(undefined)}
          made={(name, word) => word && setPassword({ name, password: word })}
        />
      )}
    </Stack>
  )
}

interface EditProps {
  person: Person
  fresh: boolean
  close: () => void
  made: (name: string, password?: string) => void
}

function Edit({ person, fresh, close, made }: EditProps) {
  const sites = useSites()
  const [now, setNow] = useState(person)
  const path = `/people/${encodeURIComponent(person.name)}`
  const body = { display: now.display, role: now.role, sites: now.sites, disabled: now.disabled }
  const save = useChange<void, { password?: string } | undefined>({
    act: () => (fresh ? post('/people', { name: now.name.trim(), ...body }) : put(path, body)),
    touches: ['people'],
    after: (answer) => {
      made(now.name, answer?.password)
      close()
    },
  })
  const gone = useChange({
    act: () => remove(path),
    touches: ['people'],
    done: `${person.name} is removed`,
    after: close,
  })
  return (
    <Modal
      opened
      onClose={close}
      title={fresh ? 'Add a person' : `Change ${person.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack gap="sm">
          {fresh && (
            <TextInput
              label="Name to sign in with"
              required
              value={now.name}
              onChange={(event) => setNow({ ...now, name: event.currentTarget.value })}
            />
          )}
          <TextInput
            label="Full name"
            value={now.display}
            onChange={(event) => setNow({ ...now, display: event.currentTarget.value })}
          />
          <Select
            label="Role"
            description={roleMeaning(now.role)}
            data={ROLE_NAMES.map((name) => ({ value: name, label: role(name) }))}
            value={now.role}
            allowDeselect={false}
            onChange={(value) => value && setNow({ ...now, role: value as Role })}
          />
          <TagsInput
            label="Sites"
            description="Empty: all sites"
            data={sites}
            value={now.sites ?? []}
            onChange={(value) => setNow({ ...now, sites: value.length ? value : null })}
          />
          {!fresh && (
            <Checkbox
              label="May not sign in"
              checked={now.disabled}
              onChange={(event) => setNow({ ...now, disabled: event.currentTarget.checked })}
            />
          )}
          <Group justify="space-between" mt="xs">
            {fresh ? (
              <span />
            ) : (
              <Button variant="subtle" color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
                Remove
              </Button>
            )}
            <Button type="submit" loading={save.isPending}>
              {fresh ? 'Add' : 'Save'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
