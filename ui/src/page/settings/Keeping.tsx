// What is kept how long, and how much room it takes.
import { Button, Grid, Group, NumberInput, Stack, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useEffect, useState } from 'react'
import { useChange } from '../../api/change'
import { get, put } from '../../api/client'
import type { Retention, Sizes } from '../../api/schema'
import { useMay } from '../../api/session'
import { bytes, count } from '../../logic/amount'
import { Card, Figure } from '../../part/Layout'
import { Loaded } from '../../part/State'
import { Wide } from '../../part/Wide'

const WORDS: [keyof Retention, string][] = [
  ['hours', 'Traffic and use by the hour'],
  ['days', 'Traffic and use by the day'],
  ['events', 'Changes of low severity'],
  ['grave_events', 'Changes of medium severity and above'],
  ['attributes', 'What devices were known as'],
  ['stays', 'Where devices were'],
  ['external_devices', 'External addresses not seen any more'],
  ['devices', 'Devices not seen any more'],
]

export function Keeping() {
  return (
    <Stack gap="md">
      <Times />
      <Room />
    </Stack>
  )
}

function Times() {
  const kept = useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => get<Retention>('/settings/retention', undefined, signal),
  })
  const may = useMay('setting.write')
  const [now, setNow] = useState<Retention>()
  useEffect(() => setNow(kept.data), [kept.data])
  const save = useChange({
    act: () => put('/settings/retention', now),
    touches: ['retention'],
    done: 'From now on it is kept so',
  })
  return (
    <Card title="How long things are kept" note="In days; 0 keeps for good">
      <Loaded of={kept}>
        {() => (
          <form
            onSubmit={(event: FormEvent) => {
              event.preventDefault()
              save.mutate()
            }}
          >
            <Grid gap="sm">
              {WORDS.map(([name, label]) => (
                <Grid.Col key={name} span={{ base: 12, sm: 6, lg: 3 }}>
                  <NumberInput
                    label={label}
                    min={0}
                    max={36_500}
                    allowDecimal={false}
                    disabled={!may}
                    value={now?.[name] ?? 0}
                    onChange={(value) => now && setNow({ ...now, [name]: Number(value) || 0 })}
                  />
                </Grid.Col>
              ))}
            </Grid>
            {may && (
              <Group justify="flex-end" mt="md">
                <Button type="submit" loading={save.isPending}>
                  Save
                </Button>
              </Group>
            )}
          </form>
        )}
      </Loaded>
    </Card>
  )
}

function Room() {
  const sizes = useQuery({
    queryKey: ['sizes'],
    queryFn: ({ signal }) => get<Sizes>('/settings/sizes', undefined, signal),
  })
  return (
    <Card title="Room that it takes">
      <Loaded of={sizes}>
        {(data) => (
          <Stack gap="md">
            <Group gap="xl">
              <Figure label="Database" value={bytes(data.bytes)} />
              <Figure label="Devices" value={count(data.devices)} />
              <Figure label="Conversations" value={count(data.conversations)} />
              <Figure label="Changes" value={count(data.events)} />
            </Group>
            <details>
              <summary>
                <Text size="sm" component="span">
                  By table
                </Text>
              </summary>
              <Wide least={320} label="Tables">
                <Table maw={480}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Table</Table.Th>
                      <Table.Th ta="right">Rows</Table.Th>
                      <Table.Th ta="right">Size</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {data.tables.map((table) => (
                      <Table.Tr key={table.table}>
                        <Table.Td className="mono">{table.table}</Table.Td>
                        <Table.Td ta="right">{count(table.rows)}</Table.Td>
                        <Table.Td ta="right">{table.bytes ? bytes(table.bytes) : ''}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Wide>
            </details>
          </Stack>
        )}
      </Loaded>
    </Card>
  )
}
