// What is wrong with a device, worst first, and what to do; then what was wrong.
import { Box, Stack } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import type { Finding, Page } from '../../api/schema'
import { FindingLine, FindingReasons } from '../../part/FindingLine'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Failure, Loading, More, Nothing } from '../../part/State'
import { KnowledgeLine } from '../findings/KnowledgeLine'

export function DeviceFindings({ id }: { id: string }) {
  const open = useFindings(id, 'open')
  const ended = useFindings(id, 'ended')
  const all = open.data?.pages.flatMap((page) => page.items) ?? []
  const sure = all.filter((finding) => finding.status !== 'possible')
  const unsure = all.filter((finding) => finding.status === 'possible')
  const over = ended.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Stack gap="md">
      <Card title="What is wrong, worst first" note={<KnowledgeLine />} flush>
        {open.isPending ? (
          <Loading />
        ) : open.isError ? (
          <Failure error={open.error} retry={() => void open.refetch()} />
        ) : sure.length === 0 ? (
          <Nothing title="Nothing is known to be wrong with it">
            What advisories, recalls and the wire itself tell of it appears here.
          </Nothing>
        ) : (
          <Lines of={sure} />
        )}
        <More query={open} />
      </Card>
      {unsure.length > 0 && (
        <Card title="What may concern it" note="Not enough is known of the device to be sure." flush>
          <Lines of={unsure} />
        </Card>
      )}
      {over.length > 0 && (
        <Card title="What is over" flush>
          <Lines of={over} />
          <More query={ended} />
        </Card>
      )}
    </Stack>
  )
}

function useFindings(id: string, state: 'open' | 'ended') {
  return useInfiniteQuery({
    queryKey: ['findings', 'device', id, state],
    queryFn: ({ pageParam, signal }) =>
      get<Page<Finding>>(
        `/devices/${encodeURIComponent(id)}/findings`,
        { state, limit: 50, cursor: pageParam },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  })
}

function Lines({ of }: { of: Finding[] }) {
  return (
    <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {of.map((finding) => (
        <FindingLine
          key={finding.id}
          of={finding}
          about={
            finding.ended ? (
              <>
                over since <Moment at={finding.ended} />
              </>
            ) : (
              <>
                found <Moment at={finding.found} />
              </>
            )
          }
        >
          <FindingReasons of={finding} />
        </FindingLine>
      ))}
    </Box>
  )
}
