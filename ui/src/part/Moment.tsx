// A time: relative or absolute in the viewer's zone, with UTC when hovered or focused.
import { Tooltip } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { absolute, ago, utc } from '../logic/time'

// One clock for the whole page, so that "5 min ago" moves on without a timer for each.
let now = new Date()
const watchers = new Set<() => void>()
setInterval(() => {
  now = new Date()
  for (const watcher of watchers) watcher()
}, 30_000)

export function useNow(): Date {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => now,
  )
}

export function Moment({ at, exact, none = 'never' }: { at?: string | null; exact?: boolean; none?: string }) {
  const clock = useNow()
  if (!at) return <span>{none}</span>
  const words = exact ? absolute(at) : ago(at, clock)
  return (
    <Tooltip label={exact ? utc(at) : `${absolute(at)} · ${utc(at)}`}>
      <time dateTime={at}>{words}</time>
    </Tooltip>
  )
}
