// What is wrong on the network, what to do first: by problem, or one by one.
import { Box, Group, MultiSelect, SegmentedControl, Select, Switch, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { get, type Params } from '../../api/client'
import type { Finding, FindingTopic, Page } from '../../api/schema'
import { useSites } from '../../api/session'
import { many } from '../../logic/amount'
import { FINDING_KINDS, findingKind, TREATMENT_NAMES, treatment } from '../../logic/word'
import { DeviceLine } from '../../part/DeviceLink'
import { AdvisoryFacts, AskedReasons, FindingLine } from '../../part/FindingLine'
import { Card, Sheet } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Allowed, Failure, Loading, More, Nothing } from '../../part/State'
import { KnowledgeLine } from './KnowledgeLine'

const SEVERITIES = [
  { value: '', label: 'Any severity' },
  { value: 'medium', label: 'Medium and above' },
  { value: 'high', label: 'High and above' },
  { value: 'critical', label: 'Critical only' },
]

export function Findings() {
  return (
    <Allowed to="device.read" what="what is wrong with devices">
      <Shown />
    </Allowed>
  )
}

function Shown() {
  const { by = 'problem', severity = '', kind = '', treatment: todo = '', ...rest } = useSearch({ from: '/findings' })
  const { site, text = '', topic, unsure } = rest
  const navigate = useNavigate({ from: '/findings' })
  const sites = useSites()
  const set = (part: Record<string, string | undefined>) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true })
  const [typed, setTyped] = useState(text)
  const search = useDebouncedCallback((value: string) => set({ text: value || undefined }), 300)
  const params: Params = {
    severity: severity || undefined,
    kind: kind || undefined,
    treatment: todo || undefined,
    site,
    text: text || undefined,
    topic,
    status: unsure ? undefined : 'affected,likely',
  }
  return (
    <Sheet title="Findings" sub={<KnowledgeLine />}>
      <Group gap="xs" align="center">
        <SegmentedControl
          aria-label="How to list"
          data={[
            { value: 'problem', label: 'By problem' },
            { value: 'one', label: 'One by one' },
          ]}
          value={by === 'one' ? 'one' : 'problem'}
          onChange={(value) => set({ by: value === 'one' ? 'one' : undefined })}
        />
        <TextInput
          type="search"
          aria-label="Search findings"
          placeholder="CVE, advisory, words, device"
          flex={{ base: '1 1 40%', sm: '0 1 auto' }}
          miw={140}
          w={{ sm: 230 }}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value)
            search(event.currentTarget.value)
          }}
        />
        <Select
          aria-label="How grave"
          flex={{ base: '1 1 40%', sm: '0 1 auto' }}
          miw={140}
          w={{ sm: 180 }}
          data={SEVERITIES}
          value={severity}
          onChange={(value) => set({ severity: value || undefined })}
        />
        <MultiSelect
          aria-label="What to do"
          placeholder={todo ? undefined : 'Whatever is to be done'}
          clearable
          clearButtonProps={{ 'aria-label': 'Whatever is to be done' }}
          flex={{ base: '1 1 40%', sm: '0 1 auto' }}
          miw={{ base: 140, sm: 200 }}
          maw={420}
          data={TREATMENT_NAMES.map((value) => ({ value, label: treatment(value) }))}
          value={todo ? todo.split(',') : []}
          onChange={(values) => set({ treatment: values.join(',') || undefined })}
        />
        <MultiSelect
          aria-label="What kind"
          placeholder={kind ? undefined : 'All kinds'}
          clearable
          clearButtonProps={{ 'aria-label': 'All kinds' }}
          flex={{ base: '1 1 40%', sm: '0 1 auto' }}
          miw={{ base: 140, sm: 160 }}
          maw={420}
          data={FINDING_KINDS.map((value) => ({ value, label: findingKind(value) }))}
          value={kind ? kind.split(',') : []}
          onChange={(values) => set({ kind: values.join(',') || undefined })}
        />
        {sites.length > 1 && (
          <Select
            aria-label="Site"
            placeholder="All sites"
            clearable
            flex={{ base: '1 1 40%', sm: '0 1 auto' }}
            miw={140}
            w={{ sm: 170 }}
            data={sites}
            value={site ?? null}
            onChange={(value) => set({ site: value ?? undefined })}
          />
        )}
        <Switch
          label="Also what only may concern a device"
          checked={Boolean(unsure)}
          onChange={(event) => set({ unsure: event.currentTarget.checked ? 'yes' : undefined })}
        />
      </Group>
      {by === 'one' ? <OneByOne params={params} /> : <ByProblem params={params} />}
    </Sheet>
  )
}

function useList<T>(path: string, params: Params, limit: number) {
  return useInfiniteQuery({
    queryKey: ['findings', path, params, limit],
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...params, limit, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  })
}

function ByProblem({ params }: { params: Params }) {
  const list = useList<FindingTopic>('/findings/topics', params, 40)
  const topics = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title="What to do first" flush>
      {list.isPending ? (
        <Loading rows={12} />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : topics.length === 0 ? (
        <None />
      ) : (
        <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
          {topics.map((topic) => (
            <FindingLine
              key={topic.topic}
              of={topic}
              about={
                <>
                  {many(topic.devices, 'device')} · found <Moment at={topic.first_found} />
                </>
              }
              label={topic.advisory ? 'Which devices, and from whom' : 'Which devices'}
            >
              {topic.advisory && <AdvisoryFacts of={topic.advisory} />}
              <Concerned params={{ ...params, topic: topic.topic }} />
            </FindingLine>
          ))}
        </Box>
      )}
      <More query={list} />
    </Card>
  )
}

/** The devices that a problem concerns. */
function Concerned({ params }: { params: Params }) {
  const list = useList<Finding>('/findings', params, 20)
  const findings = list.data?.pages.flatMap((page) => page.items) ?? []
  if (list.isPending) return <Loading rows={2} />
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />
  return (
    <>
      <Box component="ul" p={0} mt={8} mb={0} style={{ listStyle: 'none' }}>
        {findings.map((finding) => (
          <li key={finding.id}>
            <DeviceLine
              id={finding.device}
              name={finding.device_name}
              kind={finding.device_category}
              site={finding.site}
            />
          </li>
        ))}
      </Box>
      <More query={list} />
    </>
  )
}

function OneByOne({ params }: { params: Params }) {
  const list = useList<Finding>('/findings', params, 50)
  const findings = list.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title="Worst first" flush>
      {list.isPending ? (
        <Loading rows={12} />
      ) : list.isError ? (
        <Failure error={list.error} retry={() => void list.refetch()} />
      ) : findings.length === 0 ? (
        <None />
      ) : (
        <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
          {findings.map((finding) => (
            <FindingLine
              key={finding.id}
              of={finding}
              about={
                <DeviceLine
                  id={finding.device}
                  name={finding.device_name}
                  kind={finding.device_category}
                  site={finding.site}
                />
              }
            >
              <AskedReasons id={finding.id} />
            </FindingLine>
          ))}
        </Box>
      )}
      <More query={list} />
    </Card>
  )
}

function None() {
  return (
    <Nothing title="Nothing is found that fits">
      Ask for less, or look at what only may concern a device. What is found appears here as devices speak and as
      knowledge is loaded.
    </Nothing>
  )
}
