// The equipment list (CMMS): importing it, and where it and the network disagree.
import { Button, FileButton, Group, Stack, Tabs, Text } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get, Problem } from '../../api/client'
import type { Reconciliation } from '../../api/schema'
import { count } from '../../logic/amount'
import { readCsv, type Sheet } from '../../logic/csv'
import { Card } from '../../part/Layout'
import { Loaded, Nothing } from '../../part/State'
import { CmmsImport } from './CmmsImport'
import { Contradicting, MissingOnWire, UnknownToCmms } from './Reconcile'

/** Larger files are refused before they are read. */
const LARGEST = 30_000_000

/** No list was imported yet: that is no failure. */
const isNone = (error: unknown) => error instanceof Problem && error.status === 404

export default function Integrations() {
  const [sheet, setSheet] = useState<{ name: string; sheet: Sheet }>()
  const [wrong, setWrong] = useState('')
  const compared = useQuery({
    queryKey: ['cmms'],
    queryFn: ({ signal }) => get<Reconciliation>('/cmms/reconcile', undefined, signal),
    retry: (failed, error) => failed < 2 && !isNone(error),
  })
  const none = isNone(compared.error)
  const read = async (file: File | null) => {
    setWrong('')
    if (!file) return
    if (file.size > LARGEST) return setWrong('The file is larger than 30 MB. Export fewer columns or split it.')
    const read = readCsv(await file.text())
    if (read.rows.length === 0) return setWrong('The file has no rows. It needs a header and at least one row, as CSV.')
    setSheet({ name: file.name, sheet: read })
  }
  if (sheet) return <CmmsImport name={sheet.name} sheet={sheet.sheet} close={() => setSheet(undefined)} />
  return (
    <Stack gap="md">
      <Card
        title="Equipment list"
        note="From your maintenance system (CMMS), as CSV. It is compared with what is on the wire."
        actions={
          <FileButton onChange={(file) => void read(file)} accept=".csv,.txt,text/csv">
            {(props) => (
              <Button {...props} leftSection={<IconUpload size={16} aria-hidden />}>
                Import a list
              </Button>
            )}
          </FileButton>
        }
      >
        {wrong && (
          <Text size="sm" c="var(--critical)" role="alert" mb="xs">
            {wrong}
          </Text>
        )}
        {none ? (
          <Text size="sm" c="dimmed">
            No list was imported yet.
          </Text>
        ) : (
          <Loaded of={compared}>
            {(data) => (
              <Text size="sm">
                {count(data.rows)} rows, {count(data.matched)} of them found on the network.
              </Text>
            )}
          </Loaded>
        )}
      </Card>
      {compared.data && (
        <Card title="List and network compared" flush>
          <Differences of={compared.data} />
        </Card>
      )}
    </Stack>
  )
}

export function Differences({ of }: { of: Reconciliation }) {
  const parts = [
    ['unknown', 'Not in the list', of.unknown_total],
    ['missing', 'Not on the network', of.missing_total],
    ['contradicting', 'Contradicting', of.contradicting.length],
  ] as const
  if (parts.every(([, , many]) => many === 0)) {
    return (
      <Nothing title="List and network agree">All {count(of.rows)} rows were found, and nothing contradicts.</Nothing>
    )
  }
  return (
    <Tabs defaultValue={parts.find(([, , many]) => many > 0)?.[0]} keepMounted={false}>
      <Tabs.List px="md">
        {parts.map(([id, label, many]) => (
          <Tabs.Tab key={id} value={id}>
            <Group gap={6} wrap="nowrap">
              {label} <b>{count(many)}</b>
            </Group>
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="unknown">
        <UnknownToCmms devices={of.unknown_to_cmms} />
      </Tabs.Panel>
      <Tabs.Panel value="missing">
        <MissingOnWire rows={of.missing_on_wire} />
      </Tabs.Panel>
      <Tabs.Panel value="contradicting">
        <Contradicting rows={of.contradicting} />
      </Tabs.Panel>
    </Tabs>
  )
}
