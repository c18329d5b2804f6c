// How much devices are used: by kind, site, place, vendor or each; the idle and the overloaded; the pattern of the week.
import { Box, Grid, Group, SegmentedControl, Select, Stack, Text } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { get, Problem } from '../../api/client'
import type { Page, UseGroup, UseRow } from '../../api/schema'
import { useSites } from '../../api/session'
import { count, many, percent } from '../../logic/amount'
import { term, toggleTerm, words } from '../../logic/query'
import { Card, Figure, Sheet } from '../../part/Layout'
import { SearchBox } from '../../part/SearchBox'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'
import { WeekHeat, WeekLegend } from '../../part/Week'
import { UseTable } from './UseTable'

const GROUPS: [UseGroup, string][] = [
  ['category', 'By kind'],
  ['site', 'By site'],
  ['place', 'By place'],
  ['vendor', 'By vendor'],
  ['device', 'Single devices'],
]

export function Use() {
  return (
    <Allowed to="usage.read" what="how devices are used">
      <Shown />
    </Allowed>
  )
}

function Shown() {
  const { q = '', days = '30', order = 'most', ...search } = useSearch({ from: '/use' })
  const navigate = useNavigate({ from: '/use' })
  const group = GROUPS.find(([value]) => value === search.group)?.[0] ?? 'category'
  const sites = useSites()
  const set = (part: Record<string, string | undefined>) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  const list = useInfiniteQuery({
    queryKey: ['usage', q, group, days, order],
    queryFn: ({ pageParam, signal }) => {
      const until = new Date()
      const from = new Date(until.getTime() - Number(days) * 86_400_000)
      return get<Page<UseRow>>(
        '/usage',
        { q, group, order, from: from.toISOString(), until: until.toISOString(), limit: 100, cursor: pageParam },
        signal,
      )
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
  })
  const rows = list.data?.pages.flatMap((page) => page.items) ?? []
  const site = sites.find((one) => words(q).includes(term('site', one)))
  const misread = list.error instanceof Problem && list.error.status === 400 ? list.error.message : undefined
  return (
    <Sheet title="Use" sub="From clinical activity on the wire only: exams, results, deliveries.">
      <Group gap="xs" align="flex-end">
        <Select
          aria-label="Summed up"
          w={160}
          data={GROUPS.map(([value, label]) => ({ value, label }))}
          value={group}
          onChange={(value) => set({ group: value ?? undefined })}
        />
        <Select
          aria-label="Time"
          w={150}
          data={[
            { value: '7', label: 'Last week' },
            { value: '30', label: 'Last 30 days' },
            { value: '90', label: 'Last 90 days' },
          ]}
          value={days}
          onChange={(value) => set({ days: value ?? undefined })}
        />
        <SegmentedControl
          aria-label="Order"
          value={order}
          onChange={(value) => set({ order: value })}
          data={[
            { value: 'most', label: 'Busiest first' },
            { value: 'least', label: 'Idle first' },
          ]}
        />
        {sites.length > 1 && (
          <Select
            aria-label="Site"
            placeholder="All sites"
            clearable
            w={170}
            data={sites}
            value={site ?? null}
            onChange={(value) => {
              const without = site ? toggleTerm(q, term('site', site)) : q
              set({ q: (value ? toggleTerm(without, term('site', value)) : without) || undefined })
            }}
          />
        )}
        <Box flex={1} miw={220}>
          <SearchBox
            value={q}
            onSearch={(next) => set({ q: next || undefined })}
            error={misread}
            label="Only devices that fit"
            placeholder="Only devices that fit a search"
          />
        </Box>
      </Group>
      {list.isPending ? (
        <Card>
          <Loading rows={10} />
        </Card>
      ) : list.isError ? (
        <Card>
          <Failure error={list.error} retry={misread ? undefined : () => void list.refetch()} />
        </Card>
      ) : rows.length === 0 ? (
        <Card>
          <Nothing title="No use was seen in this time">
            Only devices whose clinical messages can be read count. Choose a longer time, or another search.
          </Nothing>
        </Card>
      ) : (
        <Stack gap="md">
          <Summary rows={rows} days={Number(days)} />
          <Card flush>
            <UseTable rows={rows} group={group} days={Number(days)} />
            <More query={list} />
          </Card>
        </Stack>
      )}
    </Sheet>
  )
}

function Summary({ rows, days }: { rows: UseRow[]; days: number }) {
  const devices = rows.reduce((sum, row) => sum + row.devices, 0)
  const used = rows.reduce((sum, row) => sum + row.used, 0)
  const hours = rows.reduce((sum, row) => sum + row.hours, 0)
  const week = Array.from({ length: 168 }, (_, hour) => rows.reduce((sum, row) => sum + (row.week[hour] ?? 0), 0))
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Card title="In short">
          <Stack gap="md">
            <Text>
              {many(used, 'device')} of {count(devices)} {used === 1 ? 'was' : 'were'} used in {days} days;{' '}
              <b>{many(devices - used, 'device')} not once</b>.
            </Text>
            <Group gap="xl">
              <Figure label="Used at all" value={percent(devices ? used / devices : 0)} />
              <Figure label="Hours in use" value={count(hours)} />
              <Figure label="A used device a day" value={`${used ? (hours / used / days).toFixed(1) : 0} h`} />
            </Group>
          </Stack>
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Card title="Through the week" actions={<WeekLegend />}>
          <WeekHeat week={week} cell={14} />
        </Card>
      </Grid.Col>
    </Grid>
  )
}
