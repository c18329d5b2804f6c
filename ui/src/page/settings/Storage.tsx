// What the network is called, how long things are kept, and how large everything is.
import { Button, Group, NumberInput, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { get, put } from '../../api/client'
import type { GeneralSettings, Retention, Sizes } from '../../api/schema'
import { useMay } from '../../api/session'
import { bytes, count } from '../../logic/amount'
import { sentence } from '../../logic/word'
import { Card, Figure } from '../../part/Layout'
import { Scroll } from '../../part/Scroll'
import { Loaded } from '../../part/State'

const KEPT: [keyof Retention, string, string][] = [
  ['hours', 'Traffic and use, by the hour', 'Afterwards it is kept by the day'],
  ['days', 'Traffic and use, by the day', ''],
  ['events', 'Events of low severity', ''],
  ['grave_events', 'Events of medium severity and above', ''],
  ['attributes', 'What was known of devices before', ''],
  ['stays', 'Where devices were', ''],
  ['external_devices', 'Devices outside the network, after they were last heard', ''],
  ['devices', 'Other devices, after they were last heard', 'Those that people said something of are always kept'],
]

export default function Storage() {
  const general = useQuery({
    queryKey: ['settings', 'general'],
    queryFn: ({ signal }) => get<GeneralSettings>('/settings/general', undefined, signal),
  })
  const retention = useQuery({
    queryKey: ['settings', 'retention'],
    queryFn: ({ signal }) => get<Retention>('/settings/retention', undefined, signal),
  })
  const sizes = useQuery({
    queryKey: ['settings', 'sizes'],
    queryFn: ({ signal }) => get<Sizes>('/settings/sizes', undefined, signal),
  })
  return (
    <Stack gap="md" maw={760}>
      <Card title="This network">
        <Loaded of={general}>{(data) => <General key={JSON.stringify(data)} now={data} />}</Loaded>
      </Card>
      <Card title="How long things are kept" note="In days; 0 keeps for good">
        <Loaded of={retention}>{(data) => <Keep key={JSON.stringify(data)} now={data} />}</Loaded>
      </Card>
      <Card title="How large it is">
        <Loaded of={sizes}>{(data) => <Size sizes={data} />}</Loaded>
      </Card>
    </Stack>
  )
}

function General({ now }: { now: GeneralSettings }) {
  const [name, setName] = useState(now.network_name)
  const may = useMay('setting.write')
  const save = useChange({
    act: () => put('/settings/general', { ...now, network_name: name.trim() }),
    touches: ['settings'],
    done: 'Saved.',
  })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Group align="flex-end">
        <TextInput
          flex={1}
          label="Name"
          maxLength={80}
          value={name}
          disabled={!may}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {may && (
          <Button type="submit" disabled={!name.trim() || name.trim() === now.network_name} loading={save.isPending}>
            Save
          </Button>
        )}
      </Group>
    </form>
  )
}

function Keep({ now }: { now: Retention }) {
  const [keep, setKeep] = useState(now)
  const may = useMay('setting.write')
  const changed = JSON.stringify(keep) !== JSON.stringify(now)
  const less = KEPT.some(([field]) => keep[field] !== 0 && (now[field] === 0 || keep[field] < now[field]))
  const save = useChange({ act: () => put('/settings/retention', keep), touches: ['settings'], done: 'Saved.' })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Stack gap="sm">
        {KEPT.map(([field, label, note]) => (
          <Group key={field} justify="space-between" wrap="nowrap">
            <div>
              <Text component="label" htmlFor={`keep-${field}`} size="sm">
                {label}
              </Text>
              {note && (
                <Text size="xs" c="dimmed">
                  {note}
                </Text>
              )}
            </div>
            <NumberInput
              id={`keep-${field}`}
              w={110}
              flex="none"
              min={0}
              max={36500}
              allowDecimal={false}
              disabled={!may}
              value={keep[field]}
              onChange={(value) => setKeep((old) => ({ ...old, [field]: Number(value) || 0 }))}
            />
          </Group>
        ))}
        {changed && less && (
          <Text size="sm" c="var(--high)" role="status">
            What is older is removed at the next tidying, and cannot be brought back.
          </Text>
        )}
        {may && (
          <Group justify="flex-end">
            <Button type="submit" disabled={!changed} loading={save.isPending}>
              Save
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  )
}

function Size({ sizes }: { sizes: Sizes }) {
  return (
    <Stack gap="md">
      <Group gap="xl">
        <Figure label="Database" value={bytes(sizes.bytes)} />
        <Figure label="Devices" value={count(sizes.devices)} />
        <Figure label="Conversations" value={count(sizes.conversations)} />
        <Figure label="Events" value={count(sizes.events)} />
      </Group>
      <Scroll>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Table</Table.Th>
              <Table.Th ta="right">Rows</Table.Th>
              <Table.Th ta="right">Size</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {sizes.tables.map((table) => (
              <Table.Tr key={table.table}>
                <Table.Td>{sentence(table.table)}</Table.Td>
                <Table.Td ta="right">{count(table.rows)}</Table.Td>
                <Table.Td ta="right">{table.bytes ? bytes(table.bytes) : '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </Stack>
  )
}
