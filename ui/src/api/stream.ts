// Listens to what happens on the server and makes stale what it touches.
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { Event } from './schema'

export type Liveness = 'connecting' | 'live' | 'lost'
let liveness: Liveness = 'connecting'
const watchers = new Set<() => void>()
const hearers = new Set<(event: Event) => void>()

function become(next: Liveness) {
  if (next === liveness) return
  liveness = next
  for (const watcher of watchers) watcher()
}

export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    () => liveness,
  )
}

/** Calls `hear` for each event as it arrives; answers with how to stop. */
export function onEvent(hear: (event: Event) => void): () => void {
  hearers.add(hear)
  return () => hearers.delete(hear)
}

/** Opens the stream; answers with how to close it. Stale lists are asked for again at most every three seconds. */
export function openStream(client: QueryClient): () => void {
  const stale = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const touch = (...roots: string[]) => {
    for (const root of roots) stale.add(root)
    timer ??= setTimeout(() => {
      timer = undefined
      for (const root of stale) void client.invalidateQueries({ queryKey: [root] })
      stale.clear()
    }, 3000)
  }
  const source = new EventSource('/api/v1/stream')
  source.onopen = () => become('live')
  source.onerror = () => become('lost')
  source.addEventListener('event', (message) => {
    try {
      const event = JSON.parse(message.data as string) as Event
      for (const hear of hearers) hear(event)
    } catch {
      return
    }
    touch('events', 'overview')
  })
  source.addEventListener('devices', () => touch('devices', 'device', 'overview'))
  source.addEventListener('findings', () => touch('findings', 'devices', 'device', 'overview'))
  source.addEventListener('sensors', () => touch('sensors'))
  return () => {
    clearTimeout(timer)
    source.close()
  }
}
