// What happened, latest first; new events come in at the top while one looks.
import { Button, Group, MultiSelect, Select } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { get } from '../../api/client'
import type { Event, Page, Severity } from '../../api/schema'
import { useSites } from '../../api/session'
import { onEvent } from '../../api/stream'
import { many } from '../../logic/amount'
import { EVENT_KINDS, eventKind } from '../../logic/word'
import { EventList } from '../../part/EventLine'
import { Card, Sheet } from '../../part/Layout'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'

const SEVERITIES: [Severity, string][] = [
  ['info', 'Any severity'],
  ['low', 'Low and above'],
  ['medium', 'Medium and above'],
  ['high', 'High and above'],
  ['critical', 'Critical only'],
]

export function Changes() {
  return (
    <Allowed to="event.read" what="what happened">
      <Shown />
    </Allowed>
  )
}

function Shown() {
  const { site, kind = '', severity = 'info', days = '' } = useSearch({ from: '/changes' })
  const navigate = useNavigate({ from: '/changes' })
  const client = useQueryClient()
  const sites = useSites()
  const set = (part: Record<string, string | undefined>) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  const key = ['feed', site, kind, severity, days]
  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => {
      const from = days ? new Date(Date.now() - Number(days) * 86_400_000).toISOString() : undefined
      return get<Page<Event>>('/events', { site, kind, severity, from, limit: 60, cursor: pageParam }, signal)
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
  const events = list.data?.pages.flatMap((page) => page.items) ?? []
  const { waiting, clear } = useWaiting(site, kind, severity as Severity)
  const seen = useRef<number | undefined>(undefined)
  const show = () => {
    seen.current = events[0]?.number
    clear()
    void client.resetQueries({ queryKey: key })
  }
  return (
    <Sheet title="Changes" sub="What happened on the network, and what people changed.">
      <Group gap="xs" align="flex-start">
        <Select
          aria-label="How grave"
          w={180}
          data={SEVERITIES.map(([value, label]) => ({ value, label }))}
          value={severity}
          onChange={(value) => set({ severity: value === 'info' ? undefined : (value ?? undefined) })}
        />
        <MultiSelect
          aria-label="What kind"
          placeholder={kind ? undefined : 'All kinds'}
          clearable
          clearButtonProps={{ 'aria-label': 'All kinds' }}
          miw={220}
          flex={1}
          maw={520}
          data={EVENT_KINDS.map((value) => ({ value, label: eventKind(value) }))}
          value={kind ? kind.split(',') : []}
          onChange={(values) => set({ kind: values.join(',') || undefined })}
        />
        {sites.length > 1 && (
          <Select
            aria-label="Site"
            placeholder="All sites"
            clearable
            w={180}
            data={sites}
            value={site ?? null}
            onChange={(value) => set({ site: value ?? undefined })}
          />
        )}
        <Select
          aria-label="Time"
          w={150}
          data={[
            { value: '', label: 'Any time' },
            { value: '1', label: 'Last day' },
            { value: '7', label: 'Last week' },
            { value: '30', label: 'Last 30 days' },
          ]}
          value={days}
          onChange={(value) => set({ days: value || undefined })}
        />
      </Group>
      {waiting > 0 && (
        <Group justify="center">
          <Button variant="light" onClick={show}>
            Show {many(waiting, 'new event')}
          </Button>
        </Group>
      )}
      <Card flush>
        {list.isPending ? (
          <Loading rows={12} />
        ) : list.isError ? (
          <Failure error={list.error} retry={() => void list.refetch()} />
        ) : events.length === 0 ? (
          <Nothing title="Nothing happened that fits">Choose a longer time, or more kinds.</Nothing>
        ) : (
          <EventList events={events} freshAbove={seen.current} />
        )}
        <More query={list} />
      </Card>
    </Sheet>
  )
}

/** How many events that fit came in since the list was fetched: they wait, so that nothing moves under one's eyes. */
function useWaiting(site: string | undefined, kind: string, severity: Severity) {
  const [waiting, setWaiting] = useState(0)
  useEffect(() => {
    setWaiting(0)
    const kinds = kind ? kind.split(',') : []
    const order = SEVERITIES.map(([name]) => name)
    return onEvent((event) => {
      if (site && event.site !== site) return
      if (kinds.length && !kinds.includes(event.kind)) return
      if (order.indexOf(event.severity) < order.indexOf(severity)) return
      setWaiting((old) => old + 1)
    })
  }, [site, kind, severity])
  return { waiting, clear: () => setWaiting(0) }
}
