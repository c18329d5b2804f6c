// The maintenance system's list beside the wire: unknown, missing, contradicting.
import { Button, FileButton, Group, Stack, Table, Text } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ask, get, Problem } from '../../api/client'
import type { Reconciliation } from '../../api/schema'
import { count, many } from '../../logic/amount'
import { readCsv } from '../../logic/csv'
import { Card, Figure } from '../../part/Layout'
import { Failure, Loaded, Nothing } from '../../part/State'
import { Wide } from '../../part/Wide'
import { Columns } from './Columns'

type Row = Record<string, string>

export function Maintenance() {
  const client = useQueryClient()
  const [rows, setRows] = useState<Row[]>()
  const compared = useQuery({
    queryKey: ['reconcile'],
    queryFn: ({ signal }) => get<Reconciliation>('/cmms/reconcile', undefined, signal),
    retry: false,
  })
  const take = useMutation({
    mutationFn: ({ columns }: { columns: Record<string, string> }) =>
      ask<Reconciliation>('POST', '/cmms/import', { body: { rows, columns } }),
    onSuccess: (answer) => {
      setRows(undefined)
      client.setQueryData(['reconcile'], answer)
    },
  })
  const read = async (file: File | null) => {
    if (!file) return
    const sheet = readCsv(await file.text())
    setRows(sheet.rows.map((row) => Object.fromEntries(sheet.columns.map((name, at) => [name, row[at] ?? '']))))
  }
  const none = compared.error instanceof Problem && compared.error.status === 404
  return (
    <Stack gap="md">
      <Card
        title="List of the maintenance system"
        note="A CSV export of the CMMS or CMDB, compared with what is on the wire"
        actions={
          <FileButton onChange={(file) => void read(file)} accept=".csv,text/csv">
            {(props) => (
              <Button {...props} leftSection={<IconUpload size={16} aria-hidden />}>
                Choose a file
              </Button>
            )}
          </FileButton>
        }
      >
        {take.error && <Failure error={take.error} />}
        {rows ? (
          <Columns
            rows={rows}
            busy={take.isPending}
            leave={() => setRows(undefined)}
            take={(columns) => take.mutate({ columns })}
          />
        ) : none || (compared.data && compared.data.rows === 0) ? (
          <Nothing title="No list was taken in yet">
            Nothing leaves this machine: the file is read and kept here.
          </Nothing>
        ) : (
          <Loaded of={compared}>{(data) => <Compared data={data} />}</Loaded>
        )}
      </Card>
    </Stack>
  )
}

function Compared({ data }: { data: Reconciliation }) {
  return (
    <Stack gap="md">
      <Group gap="xl">
        <Figure label="In the list" value={count(data.rows)} />
        <Figure label="Not in the list" value={count(data.unknown_to_cmms.length)} sub="on the wire" />
        <Figure label="Not on the wire" value={count(data.missing_on_wire.length)} sub="in the list" />
        <Figure label="Contradicting" value={count(data.contradicting.length)} />
      </Group>
      {data.contradicting.length > 0 && (
        <Wide least={520} label="Contradictions">
          <Table captionSide="top">
            <Table.Caption>What the two say differently</Table.Caption>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Device</Table.Th>
                <Table.Th>What</Table.Th>
                <Table.Th>The list says</Table.Th>
                <Table.Th>The wire says</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.contradicting.slice(0, 200).map((one) => (
                <Table.Tr key={`${one.device} ${one.field}`}>
                  <Table.Td>
                    <Link to="/devices/$id" params={{ id: one.device }}>
                      {one.name ?? one.device}
                    </Link>
                  </Table.Td>
                  <Table.Td>{one.field}</Table.Td>
                  <Table.Td className="mono">{one.cmms}</Table.Td>
                  <Table.Td className="mono">{one.wire}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      )}
      <details>
        <summary>
          <Text span size="sm">
            {many(data.unknown_to_cmms.length, 'device')} on the wire and not in the list
          </Text>
        </summary>
        <Text size="sm" component="ul">
          {data.unknown_to_cmms.slice(0, 200).map((device) => (
            <li key={device.id}>
              <Link to="/devices/$id" params={{ id: device.id }}>
                {device.name}
              </Link>
            </li>
          ))}
        </Text>
      </details>
      <details>
        <summary>
          <Text span size="sm">
            {many(data.missing_on_wire.length, 'row')} in the list and not on the wire
          </Text>
        </summary>
        <Text size="sm" component="ul">
          {data.missing_on_wire.slice(0, 200).map((row) => (
            <li key={`${row.tag} ${row.serial} ${row.mac}`}>
              {[row.tag, row.vendor, row.model, row.serial, row.location].filter(Boolean).join(' · ')}
            </li>
          ))}
        </Text>
      </details>
    </Stack>
  )
}
