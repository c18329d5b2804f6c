// Who talks to whom: a picture to look at, and the same as a table.
import { Box, Group, SegmentedControl, Select, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { get } from '../../api/client'
import type { MapAnswer, MapGroup } from '../../api/schema'
import { many } from '../../logic/amount'
import { Card, Sheet } from '../../part/Layout'
import { SearchBox } from '../../part/SearchBox'
import { Allowed, Failure, Loading, Nothing } from '../../part/State'
import { LinkTable } from './LinkTable'
import { queryOf } from './target'

const Graph = lazy(() => import('./Graph'))

const GROUPS: { value: MapGroup; label: string }[] = [
  { value: 'category', label: 'By kind' },
  { value: 'group', label: 'By field of care' },
  { value: 'vlan', label: 'By VLAN' },
  { value: 'site', label: 'By site' },
  { value: 'place', label: 'By place' },
  { value: 'vendor', label: 'By maker' },
  { value: 'device', label: 'Each device' },
]
const DAYS = [
  { value: '1', label: 'Last day' },
  { value: '7', label: 'Last week' },
  { value: '30', label: 'Last 30 days' },
]

export function TrafficMap() {
  return (
    <Sheet title="Map" sub="Who talks to whom" wide>
      <Allowed to="device.read" what="the map">
        <Body />
      </Allowed>
    </Sheet>
  )
}

function Body() {
  const asked = useSearch({ from: '/map' })
  const navigate = useNavigate({ from: '/map' })
  const group = (asked.group ?? 'category') as MapGroup
  const days = asked.since ?? '7'
  const as = asked.as ?? 'picture'
  const [chosen, setChosen] = useState<string>()
  const set = (key: string, value: string | null) => {
    setChosen(undefined)
    void navigate({ search: (before) => ({ ...before, [key]: value || undefined }), replace: true })
  }
  const since = useMemo(() => new Date(Date.now() - Number(days) * 86_400_000).toISOString(), [days])
  const map = useQuery({
    queryKey: ['map', asked.q, group, days],
    queryFn: ({ signal }) =>
      get<MapAnswer>('/map', { q: asked.q, group, since, limit: group === 'device' ? 4000 : 2000 }, signal),
    placeholderData: keepPreviousData,
  })
  const open = (id: string) => {
    if (group === 'device') void navigate({ to: '/devices/$id', params: { id } })
    else void navigate({ to: '/devices', search: { q: queryOf(group, id) } })
  }
  return (
    <>
      <Group gap="xs" align="flex-end">
        <Box flex={1} miw={220}>
          <SearchBox
            value={asked.q ?? ''}
            onSearch={(q) => set('q', q)}
            label="Which devices"
            placeholder="All devices"
          />
        </Box>
        <Select
          aria-label="Put together"
          data={GROUPS}
          value={group}
          allowDeselect={false}
          onChange={(v) => set('group', v)}
          w={170}
        />
        <Select
          aria-label="Since"
          data={DAYS}
          value={days}
          allowDeselect={false}
          onChange={(v) => set('since', v)}
          w={150}
        />
        <SegmentedControl
          aria-label="Shown as"
          data={[
            { value: 'picture', label: 'Picture' },
            { value: 'table', label: 'Table' },
          ]}
          value={as}
          onChange={(v) => set('as', v)}
        />
      </Group>
      <Card flush>
        {map.isError && <Failure error={map.error} retry={() => void map.refetch()} />}
        {map.isPending && <Loading rows={10} />}
        {map.data && map.data.nodes.length === 0 && (
          <Nothing title="No traffic in this time">Choose a longer time, or other devices.</Nothing>
        )}
        {map.data && map.data.nodes.length > 0 && (
          <>
            <Text size="sm" c="dimmed" px="md" pt="sm">
              {many(map.data.nodes.length, 'node')}, {many(map.data.links.length, 'link')}
              {map.data.cut ? '; the smaller links are left out: narrow the search to see them' : ''}
            </Text>
            {as === 'table' ? (
              <LinkTable answer={map.data} open={open} />
            ) : (
              <Suspense fallback={<Loading rows={10} />}>
                <Graph answer={map.data} chosen={chosen} choose={setChosen} open={open} />
              </Suspense>
            )}
          </>
        )}
      </Card>
      {chosen && map.data && as === 'picture' && (
        <Card title={map.data.nodes.find((node) => node.id === chosen)?.label || 'Not known'} flush>
          <LinkTable
            answer={{ ...map.data, links: map.data.links.filter((link) => link.from === chosen || link.to === chosen) }}
            open={open}
          />
        </Card>
      )}
    </>
  )
}
