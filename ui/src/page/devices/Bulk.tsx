// Changing many devices at once: those chosen, or all that the search finds.
import { Alert, Button, Group, Modal, Select, Stack, TagsInput, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconArrowMerge, IconPencil } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post } from '../../api/client'
import type { AnnotationPatch, Lifecycle } from '../../api/schema'
import { count, many } from '../../logic/amount'
import { sentence } from '../../logic/word'
import { IfMay } from '../../part/State'
import { Merge } from './Merge'

export const LIFECYCLES: Lifecycle[] = ['ordered', 'in-service', 'stored', 'retired', 'lost']

interface BulkProps {
  q: string
  ids: string[]
  total: number
  all: boolean
  setAll: (all: boolean) => void
  clear: () => void
}

export function Bulk({ q, ids, total, all, setAll, clear }: BulkProps) {
  const [editing, edit] = useDisclosure(false)
  const [merging, merge] = useDisclosure(false)
  const chosen = all ? total : ids.length
  return (
    <Group gap="xs" px="md" py={8} bg="var(--accent-soft)" role="region" aria-label="Chosen devices">
      <Text size="sm" fw={600} role="status">
        {many(chosen, 'device')} chosen
      </Text>
      {!all && ids.length < total && (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>
          Choose all {count(total)} found
        </Button>
      )}
      <Button variant="subtle" size="compact-sm" onClick={clear}>
        Choose none
      </Button>
      <Group gap="xs" ml="auto">
        <IfMay to="device.identity">
          {!all && ids.length > 1 && (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconArrowMerge size={15} aria-hidden />}
              onClick={merge.open}
            >
              Merge
            </Button>
          )}
        </IfMay>
        <Button size="compact-sm" leftSection={<IconPencil size={15} aria-hidden />} onClick={edit.open}>
          Change
        </Button>
      </Group>
      <Modal opened={editing} onClose={edit.close} title={`Change ${many(chosen, 'device')}`}>
        <BulkForm
          target={all ? { q } : { ids }}
          chosen={chosen}
          close={() => {
            edit.close()
            clear()
          }}
        />
      </Modal>
      <Modal opened={merging} onClose={merge.close} title="These are one device">
        <Merge
          ids={ids}
          close={() => {
            merge.close()
            clear()
          }}
        />
      </Modal>
    </Group>
  )
}

function BulkForm({
  target,
  chosen,
  close,
}: {
  target: { q?: string; ids?: string[] }
  chosen: number
  close: () => void
}) {
  const [add, setAdd] = useState<string[]>([])
  const [drop, setDrop] = useState<string[]>([])
  const [owner, setOwner] = useState('')
  const [lifecycle, setLifecycle] = useState<string | null>(null)
  const [criticality, setCriticality] = useState<string | null>(null)
  const patch: AnnotationPatch = {
    ...(add.length ? { add_tags: add } : {}),
    ...(drop.length ? { remove_tags: drop } : {}),
    ...(owner.trim() ? { owner: owner.trim() } : {}),
    ...(lifecycle ? { lifecycle: lifecycle as Lifecycle } : {}),
    ...(criticality ? { criticality: Number(criticality) } : {}),
  }
  const empty = Object.keys(patch).length === 0
  const change = useChange({
    act: () => post<{ changed: number }>('/devices/bulk', { ...target, patch }),
    touches: ['devices', 'device'],
    done: (answer) => `${many(answer.changed, 'device')} changed.`,
    after: close,
  })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (!empty) change.mutate()
      }}
    >
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          What you leave empty stays as it is.
        </Text>
        <TagsInput label="Add tags" value={add} onChange={setAdd} maxTags={32} data-autofocus />
        <TagsInput label="Take tags away" value={drop} onChange={setDrop} maxTags={32} />
        <TextInput label="Owner" value={owner} onChange={(event) => setOwner(event.currentTarget.value)} />
        <Select
          label="Life cycle"
          clearable
          placeholder="As it is"
          data={LIFECYCLES.map((value) => ({ value, label: sentence(value) }))}
          value={lifecycle}
          onChange={setLifecycle}
        />
        <Select
          label="Criticality"
          clearable
          placeholder="As it is"
          data={['1', '2', '3', '4', '5']}
          value={criticality}
          onChange={setCriticality}
        />
        {chosen > 1000 && (
          <Alert color="yellow" c="var(--ink)">
            This changes {count(chosen)} devices; at most 10,000 are changed in one go.
          </Alert>
        )}
        <Button type="submit" disabled={empty} loading={change.isPending}>
          Change {many(chosen, 'device')}
        </Button>
      </Stack>
    </form>
  )
}
