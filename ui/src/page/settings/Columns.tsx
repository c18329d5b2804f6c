// Which column of a list means what: guessed, and for people to put right.
import { Button, Group, Select, Stack, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { many } from '../../logic/amount'
import { type CsvField, complaint, FIELDS, guess, type Mapping } from '../../logic/csv'
import { Wide } from '../../part/Wide'

interface ColumnsProps {
  rows: Record<string, string>[]
  busy: boolean
  leave: () => void
  take: (columns: Record<string, string>) => void
}

export function Columns({ rows, busy, leave, take }: ColumnsProps) {
  const names = Object.keys(rows[0] ?? {})
  const [mapping, setMapping] = useState<Mapping>(() => guess(names))
  const wrong = complaint(mapping)
  const columns = Object.fromEntries(
    Object.entries(mapping)
      .filter(([, field]) => field !== '')
      .map(([column, field]) => [field, column]),
  )
  return (
    <Stack gap="sm">
      <Text size="sm">{many(rows.length, 'row')}. Check what each column means:</Text>
      <Wide least={420} label="Columns">
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Column</Table.Th>
              <Table.Th>For example</Table.Th>
              <Table.Th>Means</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {names.map((name) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td className="mono">{rows.find((row) => row[name])?.[name]?.slice(0, 40)}</Table.Td>
                <Table.Td>
                  <Select
                    aria-label={`Meaning of ${name}`}
                    placeholder="nothing"
                    clearable
                    data={FIELDS.map(([value, label]) => ({ value, label }))}
                    value={mapping[name] || null}
                    onChange={(value) => setMapping({ ...mapping, [name]: (value ?? '') as CsvField | '' })}
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
      {wrong && (
        <Text size="sm" role="alert">
          {wrong}
        </Text>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={leave}>
          Another file
        </Button>
        <Button disabled={Boolean(wrong)} loading={busy} onClick={() => take(columns)}>
          Take it in and compare
        </Button>
      </Group>
    </Stack>
  )
}
