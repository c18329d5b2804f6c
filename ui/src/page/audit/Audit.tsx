// Who did what, and whether the record of it is whole.
import { Button, Group, Table, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconAlertOctagonFilled, IconCircleCheckFilled, IconSearch, IconShieldCheck } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { get } from '../../api/client'
import type { AuditRecord, AuditVerdict, Page } from '../../api/schema'
import { count } from '../../logic/amount'
import { Card, Sheet } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'

export function Audit() {
  return (
    <Sheet
      title="Audit"
      sub="Every sign-in, change and refusal, in a chain that cannot be altered unseen"
      actions={<Verify />}
    >
      <Allowed to="audit.read" what="the audit trail">
        <Trail />
      </Allowed>
    </Sheet>
  )
}

function Verify() {
  const verdict = useQuery({
    queryKey: ['audit-verdict'],
    queryFn: ({ signal }) => get<AuditVerdict>('/audit/verify', undefined, signal),
    enabled: false,
  })
  return (
    <Group gap="sm" aria-live="polite">
      {verdict.data &&
        (verdict.data.ok ? (
          <Mark tone="good" icon={<IconCircleCheckFilled size={16} aria-hidden />}>
            Whole: {count(verdict.data.records)} records
          </Mark>
        ) : (
          <Mark tone="critical" icon={<IconAlertOctagonFilled size={16} aria-hidden />}>
            Broken at record {verdict.data.broken_at}
          </Mark>
        ))}
      {verdict.isError && <Text size="sm">{verdict.error.message}</Text>}
      <Button
        variant="default"
        leftSection={<IconShieldCheck size={16} aria-hidden />}
        loading={verdict.isFetching}
        onClick={() => void verdict.refetch()}
      >
        Check the chain
      </Button>
    </Group>
  )
}

function Trail() {
  const asked = useSearch({ from: '/audit' }).text ?? ''
  const navigate = useNavigate({ from: '/audit' })
  const [text, setText] = useState(asked)
  const [settled] = useDebouncedValue(text, 250)
  useEffect(() => {
    if (settled !== asked) void navigate({ search: { text: settled || undefined }, replace: true })
  }, [settled, asked, navigate])
  const trail = useInfiniteQuery({
    queryKey: ['audit', asked],
    queryFn: ({ pageParam, signal }) =>
      get<Page<AuditRecord>>('/audit', { text: asked, cursor: pageParam, limit: 100 }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const rows = trail.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card
      flush
      title="Records"
      actions={
        <TextInput
          aria-label="Find in who, action and object"
          placeholder="Who, action or object"
          leftSection={<IconSearch size={15} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          w={{ base: 180, sm: 280 }}
        />
      }
    >
      {trail.isError && <Failure error={trail.error} retry={() => void trail.refetch()} />}
      {trail.isPending && <Loading />}
      {trail.isSuccess && rows.length === 0 && <Nothing title="Nothing fits">Try fewer letters.</Nothing>}
      {rows.length > 0 && (
        <Table.ScrollContainer minWidth={720}>
          <Table verticalSpacing={7}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When</Table.Th>
                <Table.Th>Who</Table.Th>
                <Table.Th>From</Table.Th>
                <Table.Th>What</Table.Th>
                <Table.Th>To what</Table.Th>
                <Table.Th>Outcome</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Table.Tr key={row.number}>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>
                    <Moment at={row.at} exact />
                  </Table.Td>
                  <Table.Td>{row.who}</Table.Td>
                  <Table.Td className="mono">{row.from}</Table.Td>
                  <Table.Td>{row.action}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{row.object}</Table.Td>
                  <Table.Td>
                    {row.outcome === 'done' ? (
                      row.outcome
                    ) : (
                      <Mark tone={row.outcome === 'denied' ? 'high' : 'medium'}>{row.outcome}</Mark>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      <More query={trail} />
    </Card>
  )
}
