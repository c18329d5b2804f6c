// What changed, as it happens: new devices, other versions, moves, silences.
import { Button, Group, Select } from '@mantine/core'
import { IconArrowUp } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { get } from '../../api/client'
import type { Event, Page } from '../../api/schema'
import { useSites } from '../../api/session'
import { onEvent } from '../../api/stream'
import { many } from '../../logic/amount'
import { EVENT_KINDS, eventKind, sentence } from '../../logic/word'
import { EventList } from '../../part/EventLine'
import { Card, Sheet } from '../../part/Layout'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical']
const DAYS = [
  { value: '1', label: 'Last day' },
  { value: '7', label: 'Last week' },
  { value: '30', label: 'Last 30 days' },
]

export function Changes() {
  return (
    <Sheet title="Changes" sub="What is new or other than it was, the latest first">
      <Allowed to="event.read" what="changes">
        <Feed />
      </Allowed>
    </Sheet>
  )
}

function Feed() {
  const asked = useSearch({ from: '/changes' })
  const navigate = useNavigate({ from: '/changes' })
  const sites = useSites()
  const set = (key: string, value: string | null) =>
    void navigate({ search: (before) => ({ ...before, [key]: value || undefined }), replace: true })
  const from = useMemo(
    () => (asked.days ? new Date(Date.now() - Number(asked.days) * 86_400_000).toISOString() : undefined),
    [asked.days],
  )
  const feed = useInfiniteQuery({
    queryKey: ['changes', asked],
    queryFn: ({ pageParam, signal }) =>
      get<Page<Event>>(
        '/events',
        { site: asked.site, kind: asked.kind, severity: asked.severity, from, cursor: pageParam, limit: 100 },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })
  const events = feed.data?.pages.flatMap((page) => page.items) ?? []
  // What comes while one reads waits above until it is asked for, so that nothing moves under the eye.
  const [waiting, setWaiting] = useState(0)
  const newest = useRef(0)
  useEffect(() => {
    newest.current = Math.max(newest.current, events[0]?.number ?? 0)
  }, [events])
  const [mark, setMark] = useState<number>()
  useEffect(
    () =>
      onEvent((event) => {
        if (event.number > newest.current) setWaiting((before) => before + 1)
      }),
    [],
  )
  const show = () => {
    setMark(newest.current)
    setWaiting(0)
    void feed.refetch()
  }
  return (
    <Card
      flush
      title="Feed"
      actions={
        <Group gap="xs">
          <Select
            aria-label="Kind"
            placeholder="All kinds"
            clearable
            data={EVENT_KINDS.map((kind) => ({ value: kind, label: eventKind(kind) }))}
            value={asked.kind ?? null}
            onChange={(value) => set('kind', value)}
            w={170}
          />
          <Select
            aria-label="At least so grave"
            placeholder="Any severity"
            clearable
            data={SEVERITIES.map((one) => ({ value: one, label: `${sentence(one)} and above` }))}
            value={asked.severity ?? null}
            onChange={(value) => set('severity', value)}
            w={190}
            visibleFrom="sm"
          />
          {sites.length > 1 && (
            <Select
              aria-label="Site"
              placeholder="All sites"
              clearable
              data={sites}
              value={asked.site ?? null}
              onChange={(value) => set('site', value)}
              w={150}
              visibleFrom="sm"
            />
          )}
          <Select
            aria-label="Since"
            placeholder="Any time"
            clearable
            data={DAYS}
            value={asked.days ?? null}
            onChange={(value) => set('days', value)}
            w={140}
            visibleFrom="sm"
          />
        </Group>
      }
    >
      <div aria-live="polite">
        {waiting > 0 && (
          <Group justify="center" p="xs">
            <Button size="compact-sm" leftSection={<IconArrowUp size={14} aria-hidden />} onClick={show}>
              Show {many(waiting, 'new change')}
            </Button>
          </Group>
        )}
      </div>
      {feed.isError && <Failure error={feed.error} retry={() => void feed.refetch()} />}
      {feed.isPending && <Loading rows={10} />}
      {feed.isSuccess && events.length === 0 && (
        <Nothing title="Nothing changed">With these filters there is nothing to tell. Take one away.</Nothing>
      )}
      {events.length > 0 && <EventList events={events} freshAbove={mark} />}
      <More query={feed} />
    </Card>
  )
}
