// Saved views: a search with its order and columns, for oneself or for all.
import { ActionIcon, Button, Checkbox, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconBookmark, IconPlus, IconTrash, IconUsers } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, remove } from '../../api/client'
import type { Page, View } from '../../api/schema'
import { useSession } from '../../api/session'

interface Shown {
  q: string
  sort: string
  columns: string[]
}

export function Views({ now, onOpen }: { now: Shown; onOpen: (view: View) => void }) {
  const [saving, { open, close }] = useDisclosure(false)
  const me = useSession().data?.person?.name
  const views = useQuery({ queryKey: ['views'], queryFn: ({ signal }) => get<Page<View>>('/views', undefined, signal) })
  const drop = useChange({
    act: (id: string) => remove(`/views/${id}`),
    touches: ['views'],
    done: 'The view is removed.',
  })
  const items = views.data?.items ?? []
  return (
    <>
      <Menu width={300} position="bottom-start">
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />}>
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {items.length === 0 && <Menu.Label>No view is saved yet</Menu.Label>}
          {items.map((view) => (
            <Group key={view.id} gap={2} wrap="nowrap">
              <Menu.Item
                flex={1}
                miw={0}
                onClick={() => onOpen(view)}
                rightSection={view.shared ? <IconUsers size={14} aria-label="shared with all" /> : null}
              >
                <Text size="sm" className="cut">
                  {view.name}
                </Text>
              </Menu.Item>
              {view.owner === me && (
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  c="dimmed"
                  aria-label={`Remove the view ${view.name}`}
                  onClick={() => drop.mutate(view.id)}
                >
                  <IconTrash size={15} aria-hidden />
                </ActionIcon>
              )}
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
            Save what is shown now
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={saving} onClose={close} title="Save this view">
        <SaveView now={now} close={close} />
      </Modal>
    </>
  )
}

function SaveView({ now, close }: { now: Shown; close: () => void }) {
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const save = useChange({
    act: () => post<View>('/views', { name: name.trim(), shared, ...now }),
    touches: ['views'],
    done: 'The view is saved.',
    after: close,
  })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (name.trim()) save.mutate()
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          data-autofocus
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Text size="sm" c="dimmed">
          Search: <span className="mono">{now.q || 'all devices'}</span>
        </Text>
        <Checkbox
          label="Share with everybody"
          checked={shared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
