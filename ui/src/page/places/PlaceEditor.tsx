// Adding a place or changing one, with the rules that bring devices there.
import { ActionIcon, Box, Button, Drawer, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post, put } from '../../api/client'
import type { Place, PlaceKind, PlaceRule } from '../../api/schema'
import { placePath } from '../device/Notes'

const KINDS: [PlaceKind, string][] = [
  ['site', 'Site'],
  ['building', 'Building'],
  ['floor', 'Floor'],
  ['room', 'Room'],
  ['storage', 'Storage'],
]
const HOW: [PlaceRule['how'], string, string][] = [
  ['switch-port', 'Switch port', 'sw-3 port 12'],
  ['access-point', 'Access point', 'AP 3-West-*'],
  ['vlan', 'VLAN', '40'],
  ['subnet', 'Address range', '10.20.40.0/24'],
  ['hl7-location', 'Location in messages', 'ICU^*'],
  ['name', 'Name', 'icu-*'],
  ['rtls', 'Location system', 'Zone 7'],
]

interface PlaceEditorProps {
  opened: boolean
  close: () => void
  places: Place[]
  /** To change; without, a new one is added. */
  place?: Place
  parent?: string
  onSaved: (id: string) => void
}

export function PlaceEditor({ opened, close, place, ...rest }: PlaceEditorProps) {
  return (
    <Drawer opened={opened} onClose={close} position="right" title={place ? `Change ${place.name}` : 'Add a place'}>
      {opened && <Form place={place} close={close} {...rest} />}
    </Drawer>
  )
}

function Form({ place, parent, places, close, onSaved }: Omit<PlaceEditorProps, 'opened'>) {
  const [name, setName] = useState(place?.name ?? '')
  const [kind, setKind] = useState<PlaceKind>(place?.kind ?? 'room')
  const [under, setUnder] = useState<string | null>(place ? (place.parent ?? null) : (parent ?? null))
  const [x, setX] = useState<number | string>(place?.x ?? '')
  const [y, setY] = useState<number | string>(place?.y ?? '')
  const [rules, setRules] = useState<PlaceRule[]>(place?.rules ?? [])
  const save = useChange({
    act: () => {
      const body = {
        name: name.trim(),
        kind,
        parent: kind === 'site' ? null : under,
        plan: place?.plan ?? null,
        x: x === '' ? null : Number(x),
        y: y === '' ? null : Number(y),
        rules: rules.filter((rule) => rule.pattern.trim()),
      }
      return place ? put<Place>(`/places/${encodeURIComponent(place.id)}`, body) : post<Place>('/places', body)
    },
    touches: ['places', 'devices'],
    done: 'Saved. Devices are placed anew.',
    after: (saved) => {
      close()
      const id = saved?.id ?? place?.id
      if (id) onSaved(id)
    },
  })
  const change = (index: number, part: Partial<PlaceRule>) =>
    setRules(rules.map((rule, at) => (at === index ? { ...rule, ...part } : rule)))
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
        <Select
          label="What it is"
          data={KINDS.map(([value, label]) => ({ value, label }))}
          value={kind}
          onChange={(value) => value && setKind(value as PlaceKind)}
        />
        {kind !== 'site' && (
          <Select
            label="Part of"
            searchable
            data={places
              .filter((one) => one.id !== place?.id)
              .map((one) => ({ value: one.id, label: placePath(places, one.id) }))}
            value={under}
            onChange={setUnder}
          />
        )}
        {(kind === 'room' || kind === 'storage') && (
          <Group grow>
            <NumberInput label="Across on the plan" min={0} value={x} onChange={setX} />
            <NumberInput label="Down on the plan" min={0} value={y} onChange={setY} />
          </Group>
        )}
        <Box component="fieldset" p={0} m={0} bd="none">
          <Text component="legend" size="sm" fw={500} p={0}>
            What brings devices here
          </Text>
          <Text size="xs" c="dimmed" mb={8}>
            One rule is enough. A star stands for anything.
          </Text>
          {rules.map((rule, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place in the list
            <Group key={index} gap={6} wrap="nowrap" mb={8}>
              <Select
                aria-label={`How, rule ${index + 1}`}
                w={150}
                data={HOW.map(([value, label]) => ({ value, label }))}
                value={rule.how}
                onChange={(value) => value && change(index, { how: value as PlaceRule['how'] })}
              />
              <TextInput
                aria-label={`Pattern, rule ${index + 1}`}
                flex={1}
                placeholder={HOW.find(([how]) => how === rule.how)?.[2]}
                value={rule.pattern}
                onChange={(event) => change(index, { pattern: event.currentTarget.value })}
              />
              <ActionIcon
                variant="default"
                size={34}
                aria-label={`Remove rule ${index + 1}`}
                onClick={() => setRules(rules.filter((_, at) => at !== index))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setRules([...rules, { how: 'switch-port', pattern: '' }])}
          >
            Add a rule
          </Button>
        </Box>
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
