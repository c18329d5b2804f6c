// Making or changing a place: name, kind, what it is in, and how devices are known to be there.
import { ActionIcon, Button, Group, Modal, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post, put, remove } from '../../api/client'
import type { Place, PlaceKind, PlaceRule } from '../../api/schema'
import { sentence } from '../../logic/word'
import { ordered } from './Tree'

const KINDS: PlaceKind[] = ['site', 'building', 'floor', 'room', 'storage']
const RULES: [PlaceRule['how'], string, string][] = [
  ['vlan', 'VLAN', '20'],
  ['subnet', 'Subnet', '10.20.0.0/16'],
  ['switch-port', 'Switch port', 'sw-3 port *'],
  ['access-point', 'Access point', 'AP 3-west-*'],
  ['name', 'Name of the device', 'icu3-*'],
  ['hl7-location', 'Location it tells', 'ICU*'],
  ['rtls', 'Location system', 'Room 12*'],
]

interface PlaceFormProps {
  place?: Place
  places: Place[]
  parent?: string
  close: () => void
}

export function PlaceForm({ place, places, parent, close }: PlaceFormProps) {
  const [name, setName] = useState(place?.name ?? '')
  const [kind, setKind] = useState<PlaceKind>(place?.kind ?? (parent ? 'room' : 'site'))
  const [inside, setInside] = useState<string | null>(place?.parent ?? parent ?? null)
  const [rules, setRules] = useState<PlaceRule[]>(place?.rules ?? [])
  const [x, setX] = useState<number | null>(place?.x ?? null)
  const [y, setY] = useState<number | null>(place?.y ?? null)
  const path = `/places/${encodeURIComponent(place?.id ?? '')}`
  const save = useChange({
    act: () => {
      const kept = rules.filter((rule) => rule.pattern.trim() !== '')
      const body = { name: name.trim(), kind, parent: inside, plan: place?.plan ?? null, x, y, rules: kept }
      return place ? put(path, body) : post('/places', body)
    },
    touches: ['places'],
    done: 'Saved; devices find their places within a minute',
    after: close,
  })
  const gone = useChange({ act: () => remove(path), touches: ['places'], done: 'Removed', after: close })
  const setRule = (at: number, rule: PlaceRule) => setRules(rules.map((one, index) => (index === at ? rule : one)))
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={place ? `Change ${place.name}` : 'Add a place'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack gap="sm">
          <TextInput label="Name" required value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Group grow>
            <Select
              label="Kind"
              data={KINDS.map((one) => ({ value: one, label: sentence(one) }))}
              value={kind}
              allowDeselect={false}
              onChange={(value) => value && setKind(value as PlaceKind)}
            />
            <Select
              label="In"
              placeholder="nothing"
              clearable
              data={ordered(places)
                .filter(([one]) => one.id !== place?.id)
                .map(([one, depth]) => ({ value: one.id, label: `${'  '.repeat(depth)}${one.name}` }))}
              value={inside}
              onChange={setInside}
            />
          </Group>
          <Text size="sm" fw={550}>
            A device is here when
          </Text>
          {rules.map((rule, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a rule is its place in the list
            <Group key={at} gap="xs" wrap="nowrap">
              <Select
                aria-label={`Rule ${at + 1}: what`}
                data={RULES.map(([value, label]) => ({ value, label }))}
                value={rule.how}
                allowDeselect={false}
                onChange={(value) => value && setRule(at, { ...rule, how: value as PlaceRule['how'] })}
                w={190}
              />
              <TextInput
                aria-label={`Rule ${at + 1}: pattern`}
                placeholder={RULES.find(([how]) => how === rule.how)?.[2]}
                value={rule.pattern}
                onChange={(event) => setRule(at, { ...rule, pattern: event.currentTarget.value })}
                flex={1}
              />
              <ActionIcon
                variant="subtle"
                aria-label={`Take rule ${at + 1} away`}
                onClick={() => setRules(rules.filter((_, index) => index !== at))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          ))}
          <Group>
            <Button
              variant="default"
              size="compact-sm"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => setRules([...rules, { how: 'vlan', pattern: '' }])}
            >
              Add a rule
            </Button>
          </Group>
          <Group grow>
            <NumberInput
              label="On the plan: across"
              value={x ?? ''}
              onChange={(v) => setX(v === '' ? null : Number(v))}
            />
            <NumberInput label="down" value={y ?? ''} onChange={(v) => setY(v === '' ? null : Number(v))} />
          </Group>
          <Group justify="space-between" mt="xs">
            {place ? (
              <Button variant="subtle" color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
                Remove
              </Button>
            ) : (
              <span />
            )}
            <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
