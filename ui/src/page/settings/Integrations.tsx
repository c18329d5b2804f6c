// The equipment list (CMMS): importing it, and where it and the network disagree.
import { Button, FileButton, Group, Stack, Tabs, Text } from '@mantine/core'
import { IconUpload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get } from '../../api/client'
import type { Integration, Page, Reconciliation } from '../../api/schema'
import { count } from '../../logic/amount'
import { readCsv, type Sheet } from '../../logic/csv'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Loaded, Nothing } from '../../part/State'
import { CmmsImport } from './CmmsImport'
import { Contradicting, MissingOnWire, UnknownToCmms } from './Reconcile'

/** Larger files are refused before they are read. */
const LARGEST = 30_000_000

export default function Integrations() {
  const [sheet, setSheet] = useState<{ name: string; sheet: Sheet }>()
  const [wrong, setWrong] = useState('')
  const integrations = useQuery({
    queryKey: ['integrations'],
    queryFn: ({ signal }) => get<Page<Integration>>('/integrations', undefined, signal),
  })
  const read = async (file: File | null) => {
    setWrong('')
    if (!file) return
    if (file.size > LARGEST) return setWrong('The file is larger than 30 MB. Export fewer columns or split it.')
    const read = readCsv(await file.text())
    if (read.rows.length === 0) return setWrong('The file has no rows. It needs a header and at least one row, as CSV.')
    setSheet({ name: file.name, sheet: read })
  }
  if (sheet) return <CmmsImport name={sheet.name} sheet={sheet.sheet} close={() => setSheet(undefined)} />
  const last = integrations.data?.items.find((one) => one.kind === 'cmms')
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
        <Loaded of={integrations}>
          {() =>
            last ? (
              <Text size="sm">
                {last.name}: {last.words ?? `${count(last.rows ?? 0)} rows`}. Imported <Moment at={last.last_run} />.
              </Text>
            ) : (
              <Text size="sm" c="dimmed">
                No list was imported yet.
              </Text>
            )
          }
        </Loaded>
      </Card>
      {last && <Compared />}
    </Stack>
  )
}

function Compared() {
  const answer = useQuery({
    queryKey: ['cmms'],
    queryFn: ({ signal }) => get<Reconciliation>('/cmms/reconcile', undefined, signal),
  })
  return (
    <Card title="List and network compared" flush>
      <Loaded of={answer}>{(data) => <Differences of={data} />}</Loaded>
    </Card>
  )
}

export function Differences({ of }: { of: Reconciliation }) {
  const parts = [
    ['unknown', 'Not in the list', of.unknown_to_cmms.length],
    ['missing', 'Not on the network', of.missing_on_wire.length],
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
