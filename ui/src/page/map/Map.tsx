// Who talks to whom: as a picture, or as a table.
import { Box, Group, SegmentedControl, Select, Skeleton, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { get, Problem } from '../../api/client'
import type { MapAnswer, MapGroup, MapNode } from '../../api/schema'
import { many } from '../../logic/amount'
import { category, sentence } from '../../logic/word'
import { Sheet } from '../../part/Layout'
import { SearchBox } from '../../part/SearchBox'
import { Allowed, Failure, Loading, Nothing } from '../../part/State'
import { MapTable } from './MapTable'
import { NodePanel } from './NodePanel'

const Picture = lazy(() => import('./Picture'))

const GROUPS: [MapGroup, string][] = [
  ['category', 'Kind of device'],
  ['group', 'Zone of care'],
  ['site', 'Site'],
  ['place', 'Place'],
  ['vlan', 'VLAN'],
  ['vendor', 'Vendor'],
  ['device', 'Single devices'],
]
const SINCE: [string, string][] = [
  ['1', 'Last day'],
  ['7', 'Last week'],
  ['30', 'Last month'],
  ['', 'All that is kept'],
]

export function TrafficMap() {
  return (
    <Allowed to="device.read" what="the map">
      <Shown />
    </Allowed>
  )
}

function Shown() {
  const search = useSearch({ from: '/map' })
  const navigate = useNavigate({ from: '/map' })
  const { q = '', since = '7', as = 'picture' } = search
  const group = (GROUPS.find(([value]) => value === search.group)?.[0] ?? 'category') as MapGroup
  const [chosen, setChosen] = useState<string>()
  const [unable, setUnable] = useState(false)
  const narrow = useMediaQuery('(max-width: 900px)')
  const set = (part: Record<string, string | undefined>) => {
    setChosen(undefined)
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  }
  const map = useQuery({
    queryKey: ['map', q, group, since],
    queryFn: ({ signal }) => {
      const from = since === 'all' ? undefined : new Date(Date.now() - Number(since) * 86_400_000).toISOString()
      return get<MapAnswer>('/map', { q, group, since: from, limit: group === 'device' ? 8000 : 2000 }, signal)
    },
    placeholderData: keepPreviousData,
    staleTime: 5 * 60_000,
  })
  const nameOf = useMemo(() => {
    const nodes = new Map(map.data?.nodes.map((node) => [node.id, node]))
    return (id: string) => {
      const node = nodes.get(id)
      return node ? nodeName(node, group) : id
    }
  }, [map.data, group])
  const table = as === 'table' || unable
  const misread = map.error instanceof Problem && map.error.status === 400 ? map.error.message : undefined
  return (
    <Sheet
      wide
      title="Map"
      sub={
        map.data
          ? `${many(map.data.nodes.length, 'node')}, ${many(map.data.links.length, 'link')}${map.data.cut ? '; only those with most traffic are shown' : ''}`
          : ' '
      }
      actions={
        <SegmentedControl
          aria-label="Shown as"
          value={table ? 'table' : 'picture'}
          onChange={(next) => set({ as: next === 'table' ? 'table' : undefined })}
          disabled={unable}
          data={[
            { value: 'picture', label: 'Picture' },
            { value: 'table', label: 'Table' },
          ]}
        />
      }
    >
      <Group gap="xs" align="flex-end">
        <Select
          aria-label="Drawn together by"
          w={170}
          data={GROUPS.map(([value, label]) => ({ value, label }))}
          value={group}
          onChange={(value) => set({ group: value ?? undefined })}
        />
        <Select
          aria-label="Time"
          w={150}
          data={SINCE.map(([value, label]) => ({ value: value || 'all', label }))}
          value={since}
          onChange={(value) => set({ since: value ?? undefined })}
        />
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
      {unable && (
        <Text size="sm" c="dimmed">
          This browser cannot draw the picture (WebGL is off), so here is the table.
        </Text>
      )}
      <Box
        style={{
          display: 'grid',
          gap: 16,
          gridTemplateColumns: chosen !== undefined && !narrow ? 'minmax(0, 1fr) 290px' : 'minmax(0, 1fr)',
          alignItems: 'start',
        }}
      >
        <Box className="card" style={{ overflow: 'hidden' }}>
          {map.isPending ? (
            <Loading rows={12} />
          ) : map.isError ? (
            <Failure error={map.error} retry={misread ? undefined : () => void map.refetch()} />
          ) : map.data.nodes.length === 0 ? (
            <Nothing title="Nobody talked in this time">Choose a longer time, or another search.</Nothing>
          ) : table ? (
            <MapTable map={map.data} name={nameOf} onChoose={setChosen} />
          ) : (
            <Suspense fallback={<Skeleton className="map-box" radius={0} />}>
              <Picture
                map={map.data}
                chosen={chosen}
                onChoose={setChosen}
                name={(node) => nodeName(node, group)}
                onUnable={() => setUnable(true)}
              />
            </Suspense>
          )}
          {!table && <Legend />}
        </Box>
        {chosen !== undefined && map.data && (
          <NodePanel map={map.data} group={group} id={chosen} name={nameOf} onChoose={setChosen} />
        )}
      </Box>
    </Sheet>
  )
}

function nodeName(node: MapNode, group: MapGroup): string {
  if (node.id === '') return group === 'device' ? 'Unknown' : 'Not known'
  if (group === 'category') return category(node.id)
  if (group === 'group') return sentence(node.id)
  if (group === 'vlan') return `VLAN ${node.id}`
  return node.label || node.id
}

function Legend() {
  const items = [
    ['var(--accent)', 'with medical devices'],
    ['var(--ink-soft)', 'others'],
    ['var(--critical)', 'missing'],
    ['var(--high)', 'outside the network'],
  ]
  return (
    <Box className="legend" px="md" py={8} style={{ borderTop: '1px solid var(--line)' }}>
      {items.map(([colour, word]) => (
        <span key={word}>
          <i style={{ background: colour }} aria-hidden />
          {word}
        </span>
      ))}
      <span>Size: devices. Line: traffic. Click a node for more.</span>
    </Box>
  )
}
