// How much devices are used: idle ones, busy ones, and when.
import { Anchor, Group, Progress, SegmentedControl, Select, Table, Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import { get } from '../../api/client'
import type { Page, UseRow } from '../../api/schema'
import { count, many } from '../../logic/amount'
import { category } from '../../logic/word'
import { Card, Sheet } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { SearchBox } from '../../part/SearchBox'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'
import { WeekStrip } from './WeekStrip'

const GROUPS = [
  { value: 'category', label: 'By kind' },
  { value: 'device', label: 'By device' },
  { value: 'vendor', label: 'By maker' },
  { value: 'place', label: 'By place' },
  { value: 'site', label: 'By site' },
]
const DAYS = [
  { value: '7', label: 'Last week' },
  { value: '28', label: 'Last four weeks' },
  { value: '90', label: 'Last 90 days' },
]

export function Use() {
  return (
    <Sheet title="Use" sub="From what devices do for patients: exams, results, measurements">
      <Allowed to="usage.read" what="how devices are used">
        <Rows />
      </Allowed>
    </Sheet>
  )
}

function Rows() {
  const asked = useSearch({ from: '/use' })
  const navigate = useNavigate({ from: '/use' })
  const group = asked.group ?? 'category'
  const days = Number(asked.days ?? '28')
  const order = asked.order ?? 'most'
  const set = (key: string, value: string | null) =>
    void navigate({ search: (before) => ({ ...before, [key]: value || undefined }), replace: true })
  const from = useMemo(() => new Date(Date.now() - days * 86_400_000).toISOString(), [days])
  const rows = useInfiniteQuery({
    queryKey: ['usage', group, days, order, asked.q],
    queryFn: ({ pageParam, signal }) =>
      get<Page<UseRow>>('/usage', { q: asked.q, group, from, order, cursor: pageParam, limit: 100 }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const all = rows.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <Group gap="xs" align="flex-end">
        <div style={{ flex: 1, minWidth: 220 }}>
          <SearchBox
            value={asked.q ?? ''}
            onSearch={(q) => set('q', q)}
            label="Which devices"
            placeholder="All medical devices"
          />
        </div>
        <Select
          aria-label="Put together"
          data={GROUPS}
          value={group}
          onChange={(v) => set('group', v)}
          w={140}
          allowDeselect={false}
        />
        <Select
          aria-label="Since"
          data={DAYS}
          value={String(days)}
          onChange={(v) => set('days', v)}
          w={160}
          allowDeselect={false}
        />
        <SegmentedControl
          aria-label="Order"
          data={[
            { value: 'most', label: 'Busiest' },
            { value: 'least', label: 'Idlest' },
          ]}
          value={order}
          onChange={(v) => set('order', v)}
        />
      </Group>
      <Card flush title={order === 'most' ? 'Most used first' : 'Least used first'}>
        {rows.isError && <Failure error={rows.error} retry={() => void rows.refetch()} />}
        {rows.isPending && <Loading rows={8} />}
        {rows.isSuccess && all.length === 0 && (
          <Nothing title="No use was seen">
            Use is counted from clinical protocols (images, results, measurements). Nothing of that kind was heard in
            this time.
          </Nothing>
        )}
        {all.length > 0 && (
          <Table.ScrollContainer minWidth={760}>
            <Table verticalSpacing={8}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{GROUPS.find((g) => g.value === group)?.label.slice(3)}</Table.Th>
                  <Table.Th>In use at all</Table.Th>
                  <Table.Th ta="right">Actions</Table.Th>
                  <Table.Th ta="right">Hours in use</Table.Th>
                  <Table.Th>The week</Table.Th>
                  <Table.Th>Last used</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((row) => (
                  <Table.Tr key={row.key}>
                    <Table.Td>
                      <Name group={group} row={row} />
                    </Table.Td>
                    <Table.Td miw={150}>
                      <Text size="sm">
                        {count(row.used)} of {many(row.devices, 'device')}
                      </Text>
                      <Progress
                        value={row.devices ? (row.used / row.devices) * 100 : 0}
                        size="sm"
                        aria-label={`${row.used} of ${row.devices} devices were used`}
                      />
                    </Table.Td>
                    <Table.Td ta="right">{count(row.actions)}</Table.Td>
                    <Table.Td ta="right">{count(row.hours)}</Table.Td>
                    <Table.Td>
                      <WeekStrip week={row.week} label={row.label || row.key} />
                    </Table.Td>
                    <Table.Td style={{ whiteSpace: 'nowrap' }}>
                      <Moment at={row.last_used} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
        <More query={rows} />
      </Card>
    </>
  )
}

function Name({ group, row }: { group: string; row: UseRow }) {
  if (group === 'device') {
    return (
      <Anchor size="sm" renderRoot={(props) => <Link to="/devices/$id" params={{ id: row.key }} {...props} />}>
        {row.label || row.key}
      </Anchor>
    )
  }
  const words = group === 'category' && row.key ? category(row.key) : row.label || row.key
  return <Text size="sm">{words || 'not known'}</Text>
}
