// With what devices are judged, and how old it is: nothing found is not "nothing known".
import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import type { FindingCounts } from '../../api/schema'
import { many } from '../../logic/amount'
import { Moment } from '../../part/Moment'

export function useCounts() {
  return useQuery({
    queryKey: ['findings', 'counts'],
    queryFn: ({ signal }) => get<FindingCounts>('/findings/counts', undefined, signal),
  })
}

export function KnowledgeLine() {
  const knowledge = useCounts().data?.knowledge
  if (!knowledge) return null
  if (!knowledge.loaded) {
    return (
      <>
        No advisories or recalls are loaded: only what the wire itself shows is judged. Load them with{' '}
        <span className="mono">medward knowledge</span>, and start the monitor with{' '}
        <span className="mono">--knowledge</span>.
      </>
    )
  }
  const feeds = Object.values(knowledge.feeds)
  const latest = feeds
    .map((feed) => feed.as_of)
    .filter((at): at is string => Boolean(at))
    .sort()
    .at(-1)
  return (
    <>
      Checked against {many(feeds.length, 'feed')}
      {latest && (
        <>
          , the latest <Moment at={latest} />
        </>
      )}
      .{knowledge.waiting ? ` ${many(knowledge.waiting, 'device')} still to be judged.` : ''}
    </>
  )
}
