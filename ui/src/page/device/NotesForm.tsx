// The form for what people say of a device. Only what was changed is sent, with the version it was changed from.
import {
  ActionIcon,
  Box,
  Button,
  Group,
  NumberInput,
  Select,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { patch } from '../../api/client'
import type { Annotation, AnnotationPatch, DeviceAnswer, Lifecycle, Maintenance } from '../../api/schema'
import { sentence } from '../../logic/word'
import { LIFECYCLES } from '../devices/Bulk'
import { placePath, usePlaces } from './Notes'

const CRITICALITY = [
  ['', 'As in the catalogue'],
  ['1', '1: hardly matters'],
  ['2', '2: minor'],
  ['3', '3: matters'],
  ['4', '4: important'],
  ['5', '5: life depends on it'],
] as const

export function NotesForm({ answer, close }: { answer: DeviceAnswer; close: () => void }) {
  const before = answer.annotation
  const [now, setNow] = useState<Annotation>(before)
  const set = (part: Partial<Annotation>) => setNow((old) => ({ ...old, ...part }))
  const places = usePlaces().data?.items ?? []
  const changed = difference(before, now)
  const wrong = now.maintenance.some((one) => !one.from || !one.until || one.from >= one.until)
  const save = useChange({
    act: () => patch<Annotation>(`/devices/${encodeURIComponent(answer.summary.id)}`, changed, answer.summary.version),
    touches: ['device', 'devices'],
    done: 'Saved.',
    after: close,
  })
  const change = (index: number, part: Partial<Maintenance>) =>
    set({ maintenance: now.maintenance.map((one, at) => (at === index ? { ...one, ...part } : one)) })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Stack gap="sm">
        <TagsInput label="Tags" value={now.tags} onChange={(tags) => set({ tags })} maxTags={32} data-autofocus />
        <TextInput
          label="Owner"
          description="A person or department"
          value={now.owner ?? ''}
          onChange={(event) => set({ owner: event.currentTarget.value || null })}
        />
        <Select
          label="Life cycle"
          data={LIFECYCLES.map((value) => ({ value, label: sentence(value) }))}
          value={now.lifecycle}
          onChange={(value) => value && set({ lifecycle: value as Lifecycle })}
        />
        <Select
          label="Criticality"
          data={CRITICALITY.map(([value, label]) => ({ value, label }))}
          value={now.criticality ? String(now.criticality) : ''}
          onChange={(value) => set({ criticality: value ? Number(value) : null })}
        />
        <Select
          label="Belongs to"
          searchable
          clearable
          data={places.map((place) => ({ value: place.id, label: placePath(places, place.id) }))}
          value={now.place ?? null}
          onChange={(place) => set({ place })}
        />
        <Group gap="sm" wrap="nowrap" align="flex-end">
          <NumberInput
            flex={1}
            label="Value"
            description="What it cost, or would cost to replace"
            min={0}
            thousandSeparator=" "
            hideControls
            value={now.value ?? ''}
            onChange={(value) => set({ value: value === '' ? null : Number(value) })}
          />
          <TextInput
            w={110}
            label="Currency"
            placeholder="EUR"
            maxLength={8}
            value={now.currency ?? ''}
            onChange={(event) => set({ currency: event.currentTarget.value || null })}
          />
        </Group>
        <Textarea
          label="Note"
          description="Nothing about patients, please"
          autosize
          minRows={3}
          maxLength={4000}
          value={now.note ?? ''}
          onChange={(event) => set({ note: event.currentTarget.value || null })}
        />
        <Box component="fieldset" p={0} m={0} bd="none">
          <Text component="legend" size="sm" fw={500} p={0}>
            Planned maintenance
          </Text>
          <Text size="xs" c="dimmed" mb={6}>
            Silence is no alert then, and changes are marked as expected. Afterwards silence counts again.
          </Text>
          {now.maintenance.map((one, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a window is its place in the list
            <Stack key={index} gap={6} mb="sm" p="xs" style={{ border: '1px solid var(--line)', borderRadius: 8 }}>
              <DateTimePicker
                label="From"
                value={local(one.from)}
                onChange={(value) => change(index, { from: toUtc(value) })}
              />
              <DateTimePicker
                label="Until"
                value={local(one.until)}
                onChange={(value) => change(index, { until: toUtc(value) })}
                error={one.until && one.from >= one.until ? 'Must be after the beginning' : undefined}
              />
              <Group gap={6} wrap="nowrap" align="flex-end">
                <TextInput
                  flex={1}
                  label="Why"
                  value={one.reason}
                  onChange={(event) => change(index, { reason: event.currentTarget.value })}
                />
                <ActionIcon
                  variant="default"
                  size={34}
                  aria-label="Remove this maintenance"
                  onClick={() => set({ maintenance: now.maintenance.filter((_, at) => at !== index) })}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </Group>
            </Stack>
          ))}
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => set({ maintenance: [...now.maintenance, fresh()] })}
          >
            Plan maintenance
          </Button>
        </Box>
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} disabled={wrong || Object.keys(changed).length === 0}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function fresh(): Maintenance {
  const from = new Date()
  from.setMinutes(0, 0, 0)
  return { from: from.toISOString(), until: new Date(from.getTime() + 2 * 3_600_000).toISOString(), reason: '' }
}

// The picker works with "2026-03-12 14:00:00" in the viewer's zone.
function local(at: string): Date | null {
  return at ? new Date(at) : null
}
function toUtc(value: string | null): string {
  return value ? new Date(value.replace(' ', 'T')).toISOString() : ''
}

function difference(before: Annotation, now: Annotation): AnnotationPatch {
  const changed: AnnotationPatch = {}
  const add = now.tags.filter((tag) => !before.tags.includes(tag))
  const drop = before.tags.filter((tag) => !now.tags.includes(tag))
  if (add.length) changed.add_tags = add
  if (drop.length) changed.remove_tags = drop
  if ((now.owner ?? null) !== (before.owner ?? null)) changed.owner = now.owner ?? null
  if ((now.note ?? null) !== (before.note ?? null)) changed.note = now.note ?? null
  if ((now.criticality ?? null) !== (before.criticality ?? null)) changed.criticality = now.criticality ?? null
  if ((now.place ?? null) !== (before.place ?? null)) changed.place = now.place ?? null
  if ((now.value ?? null) !== (before.value ?? null)) changed.value = now.value ?? null
  if ((now.currency ?? null) !== (before.currency ?? null)) changed.currency = now.currency ?? null
  if (now.lifecycle !== before.lifecycle) changed.lifecycle = now.lifecycle
  if (JSON.stringify(now.maintenance) !== JSON.stringify(before.maintenance)) changed.maintenance = now.maintenance
  return changed
}
