// Importing an equipment list: which column is what, then what would come of it, then the import.
import { Alert, Button, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../../api/change'
import { post } from '../../api/client'
import type { Reconciliation } from '../../api/schema'
import { count, many } from '../../logic/amount'
import { complaint, FIELDS, guess, type Mapping, mapped, type Sheet } from '../../logic/csv'
import { Card } from '../../part/Layout'
import { Scroll } from '../../part/Scroll'
import { Differences } from './Integrations'

const CHOICES = [
  { value: '', label: 'Keep as it is' },
  ...FIELDS.map(([value, label]) => ({ value: value as string, label: label as string })),
]

export function CmmsImport({ name, sheet, close }: { name: string; sheet: Sheet; close: () => void }) {
  const [mapping, setMapping] = useState<Mapping>(() => guess(sheet.columns))
  const wrong = complaint(mapping)
  const send = (preview: boolean) =>
    post<Reconciliation>('/cmms/import', { rows: mapped(sheet, mapping) }, preview ? { preview: true } : {})
  const preview = useChange({ act: () => send(true), touches: [] })
  const bring = useChange({
    act: () => send(false),
    touches: ['cmms', 'devices', 'device'],
    done: (answer) => `${many(answer.rows, 'row')} imported.`,
    after: close,
  })
  const map = (column: string, field: string | null) => {
    preview.reset()
    setMapping((old) => ({ ...old, [column]: (field ?? '') as Mapping[string] }))
  }
  return (
    <Stack gap="md">
      <Card
        title={name}
        note={`${many(sheet.rows.length, 'row')}, ${many(sheet.columns.length, 'column')}. Say which column is what; the guesses are usually right.`}
        actions={
          <Button variant="default" size="compact-sm" onClick={close}>
            Cancel
          </Button>
        }
        flush
      >
        <Scroll>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th pl="md">Column</Table.Th>
                <Table.Th>Is</Table.Th>
                <Table.Th>For example</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {sheet.columns.map((column, index) => (
                <Table.Tr key={column}>
                  <Table.Td pl="md" fw={550}>
                    {column}
                  </Table.Td>
                  <Table.Td miw={190}>
                    <Select
                      aria-label={`What ${column} is`}
                      data={CHOICES}
                      value={mapping[column] ?? ''}
                      onChange={(field) => map(column, field)}
                    />
                  </Table.Td>
                  <Table.Td c="dimmed">
                    {sheet.rows
                      .slice(0, 3)
                      .map((row) => row[index])
                      .filter(Boolean)
                      .join(', ') || '–'}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
        <Stack gap="sm" p="md">
          {sheet.uneven.length > 0 && (
            <Alert color="yellow" c="var(--ink)" p="sm">
              {many(sheet.uneven.length, 'row')} {sheet.uneven.length === 1 ? 'has' : 'have'} more or fewer cells than
              the header (first: row {count(sheet.uneven[0] ?? 0)}). They are imported as they are.
            </Alert>
          )}
          {wrong && (
            <Text size="sm" c="var(--critical)" role="alert">
              {wrong}
            </Text>
          )}
          <Group>
            <Button
              variant="default"
              disabled={Boolean(wrong)}
              loading={preview.isPending}
              onClick={() => preview.mutate()}
            >
              Compare first
            </Button>
            <Button disabled={Boolean(wrong)} loading={bring.isPending} onClick={() => bring.mutate()}>
              Import {many(sheet.rows.length, 'row')}
            </Button>
          </Group>
        </Stack>
      </Card>
      {preview.data && (
        <Card title="What would come of it" note="Nothing is imported yet" flush>
          <Differences of={preview.data} />
        </Card>
      )}
    </Stack>
  )
}
