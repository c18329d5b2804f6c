// Who did what: searchable, and provably whole.

import { Box, Button, Code, Group, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconAlertOctagonFilled, IconCircleCheckFilled, IconSearch, IconShieldCheck } from '@tabler/icons-react'
import { keepPreviousData, useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { get } from '../../api/client'
import type { AuditRecord, AuditVerdict, Page } from '../../api/schema'
import { count } from '../../logic/amount'
import { Card, Sheet } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'

export function Audit() {
  return (
    <Allowed to="audit.read" what="the audit trail">
      <Shown />
    </Allowed>
  )
}

function Shown() {
  const { text = '' } = useSearch({ from: '/audit' })
  const navigate = useNavigate({ from: '/audit' })
  const [typed, setTyped] = useState(text)
  const search = useDebouncedCallback(
    (next: string) => void navigate({ search: { text: next || undefined }, replace: true }),
    300,
  )
  const verify = useMutation({ mutationFn: () => get<AuditVerdict>('/audit/verify') })
  const list = useInfiniteQuery({
    queryKey: ['audit', text],
    queryFn: ({ pageParam, signal }) =>
      get<Page<AuditRecord>>('/audit', { text, limit: 60, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
  const records = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Sheet
      title="Audit"
      sub="Who did what. Every record is chained to the one before, so that nothing can be changed or left out unseen."
      actions={
        <Button
          variant="default"
          leftSection={<IconShieldCheck size={16} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate()}
        >
          Verify the chain
        </Button>
      }
    >
      <Box role="status" mt={verify.data ? 0 : -16}>
        {verify.data && <Verdict of={verify.data} />}
      </Box>
      {verify.error && <Failure error={verify.error} retry={() => verify.mutate()} />}
      <TextInput
        type="search"
        aria-label="Search the audit trail"
        placeholder="Search: who, action or object"
        leftSection={<IconSearch size={17} aria-hidden />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          search(event.currentTarget.value.trim())
        }}
      />
      <Card flush>
        {list.isPending ? (
          <Loading rows={12} />
        ) : list.isError ? (
          <Failure error={list.error} retry={() => void list.refetch()} />
        ) : records.length === 0 ? (
          <Nothing title={text ? 'No record fits' : 'No record yet'} />
        ) : (
          <Records of={records} />
        )}
        <More query={list} />
      </Card>
    </Sheet>
  )
}

function Verdict({ of }: { of: AuditVerdict }) {
  return of.ok ? (
    <Mark tone="good" icon={<IconCircleCheckFilled size={17} aria-hidden />} filled>
      The chain is whole: {count(of.records)} records.
    </Mark>
  ) : (
    <Mark tone="critical" icon={<IconAlertOctagonFilled size={17} aria-hidden />} filled>
      The chain is broken at record {of.broken_at}. Somebody changed or removed records; keep a copy of the database.
    </Mark>
  )
}

function Records({ of }: { of: AuditRecord[] }) {
  return (
    <Scroll>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th pl="md">When</Table.Th>
            <Table.Th>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>To what</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th ta="right">Record</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {of.map((record) => (
            <Table.Tr key={record.number}>
              <Table.Td pl="md">
                <Moment at={record.at} exact />
              </Table.Td>
              <Table.Td>
                {record.who}
                <Text size="xs" c="dimmed" className="mono">
                  {record.from}
                </Text>
              </Table.Td>
              <Table.Td className="mono">{record.action}</Table.Td>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>
                {record.object}
                <Details of={record.details} />
              </Table.Td>
              <Table.Td>
                {record.outcome === 'done' ? (
                  record.outcome
                ) : (
                  <Mark
                    tone={record.outcome === 'denied' ? 'high' : 'critical'}
                    icon={<IconAlertOctagonFilled size={14} aria-hidden />}
                  >
                    {record.outcome}
                  </Mark>
                )}
              </Table.Td>
              <Table.Td ta="right">
                #{count(record.number)}
                <Text size="xs" c="dimmed" className="mono" title={record.hash}>
                  {record.hash.slice(0, 8)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}

function Details({ of }: { of: unknown }) {
  if (!of || typeof of !== 'object' || Object.keys(of).length === 0) return null
  return (
    <Group>
      <Code fz="xs" style={{ overflowWrap: 'anywhere' }}>
        {JSON.stringify(of)}
      </Code>
    </Group>
  )
}
