// One device: what it is and why, whom it talks to, how it is used, where it was, and what happened to it.
import { Box, Group, Skeleton, Stack, Tabs, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { get } from '../../api/client'
import type { DeviceAnswer } from '../../api/schema'
import { useMay } from '../../api/session'
import { many } from '../../logic/amount'
import { category } from '../../logic/word'
import { Sheet } from '../../part/Layout'
import { LifeMark, Mark, STATUS_MEANING, StatusMark, severityIcon } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Allowed, Loaded, Nothing } from '../../part/State'
import { Actions } from './Actions'
import { Conversations } from './Conversations'
import { DeviceFindings } from './DeviceFindings'
import { DeviceUse } from './DeviceUse'
import { Identity } from './Identity'
import { Peers } from './Peers'
import { Stays } from './Stays'
import { Timeline } from './Timeline'
import { Why } from './Why'

export function Device() {
  return (
    <Allowed to="device.read" what="this device">
      <Answered />
    </Allowed>
  )
}

function Answered() {
  const { id } = useParams({ from: '/devices/$id' })
  const answer = useQuery({
    queryKey: ['device', id],
    queryFn: ({ signal }) => get<DeviceAnswer>(`/devices/${encodeURIComponent(id)}`, undefined, signal),
  })
  if (!answer.data) {
    return (
      <Sheet title="Device">
        <Loaded
          of={answer}
          loading={
            <Stack role="status">
              <span className="hidden">Loading</span>
              <Skeleton height={40} width="50%" />
              <Skeleton height={320} />
            </Stack>
          }
        >
          {() => <Nothing title="There is no such device" />}
        </Loaded>
      </Sheet>
    )
  }
  return <Shown answer={answer.data} />
}

function Shown({ answer }: { answer: DeviceAnswer }) {
  const { summary } = answer
  const { tab = 'identity', why } = useSearch({ from: '/devices/$id' })
  const navigate = useNavigate({ from: '/devices/$id' })
  const mayUse = useMay('usage.read')
  const mayEvents = useMay('event.read')
  const ask = (attribute: string | undefined) =>
    void navigate({ search: (old) => ({ ...old, why: attribute }), replace: true })
  return (
    <Sheet
      title={summary.name}
      sub={
        <Group gap="sm" style={{ rowGap: 4 }}>
          <StatusMark of={summary.status} filled />
          {summary.life_supporting === 'yes' && <LifeMark />}
          {summary.worst_finding && (
            <Link to="/devices/$id" params={{ id: summary.id }} search={{ tab: 'findings' }} className="plain-link">
              <Mark tone={summary.worst_finding} icon={severityIcon(summary.worst_finding)} filled>
                {many(summary.findings, 'finding')}, the worst {summary.worst_finding}
              </Mark>
            </Link>
          )}
          <span>{sentenceOf(answer)}</span>
        </Group>
      }
      actions={<Actions answer={answer} />}
    >
      {summary.status !== 'active' && (
        <Text size="sm" c="dimmed" mt={-8}>
          {STATUS_MEANING[summary.status]} Last heard: <Moment at={summary.last_seen} />.
        </Text>
      )}
      <Tabs
        value={tab}
        onChange={(next) => void navigate({ search: { tab: next ?? undefined }, replace: true })}
        keepMounted={false}
      >
        <Box style={{ overflowX: 'auto' }}>
          <Tabs.List style={{ flexWrap: 'nowrap' }}>
            <Tabs.Tab value="identity">What it is</Tabs.Tab>
            <Tabs.Tab value="findings">What is wrong{summary.findings > 0 ? ` (${summary.findings})` : ''}</Tabs.Tab>
            <Tabs.Tab value="peers">Who it talks to</Tabs.Tab>
            {mayUse && <Tabs.Tab value="use">Use</Tabs.Tab>}
            <Tabs.Tab value="where">Where</Tabs.Tab>
            {mayEvents && <Tabs.Tab value="timeline">Timeline</Tabs.Tab>}
          </Tabs.List>
        </Box>
        <Tabs.Panel value="identity" pt="md">
          <Identity answer={answer} ask={ask} />
        </Tabs.Panel>
        <Tabs.Panel value="findings" pt="md">
          <DeviceFindings id={summary.id} />
        </Tabs.Panel>
        <Tabs.Panel value="peers" pt="md">
          <Stack gap="md">
            <Peers id={summary.id} />
            <Conversations id={summary.id} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="use" pt="md">
          <DeviceUse id={summary.id} />
        </Tabs.Panel>
        <Tabs.Panel value="where" pt="md">
          <Stays id={summary.id} now={summary.whereabouts} />
        </Tabs.Panel>
        <Tabs.Panel value="timeline" pt="md">
          <Timeline id={summary.id} />
        </Tabs.Panel>
      </Tabs>
      <Why id={summary.id} attribute={why} close={() => ask(undefined)} />
    </Sheet>
  )
}

/** "BD Alaris 8015, infusion pump · St. Anna Main · sw-1 port 7". */
function sentenceOf({ summary }: DeviceAnswer): string {
  const make = [summary.vendor, summary.model ?? summary.family].filter(Boolean).join(' ')
  return [
    make,
    summary.category
      ? category(summary.category)
      : summary.scope === 'external'
        ? 'Outside the network'
        : 'Kind not known',
    summary.site,
    summary.whereabouts?.position,
  ]
    .filter(Boolean)
    .join(' · ')
}
