// A finding in a line: how grave, what, what to do; the reasons one click away.
import { Anchor, Badge, Box, Button, Collapse, Group, List, Stack, Table, Text } from '@mantine/core'
import { IconChevronDown, IconChevronRight, IconExternalLink, IconFlame } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useId, useState } from 'react'
import { get } from '../api/client'
import type { Finding, FindingTopic, MatchDetail } from '../api/schema'
import { percent } from '../logic/amount'
import { attribute, feed, findingKind, findingStatus, method, surety, treatment } from '../logic/word'
import { Mark, severityIcon } from './Mark'
import { Moment } from './Moment'
import { Scroll } from './Scroll'
import { Loaded } from './State'

type Said = Finding | FindingTopic

/** Addresses come from feeds: only those of the web are made links. */
const isWeb = (url: string | undefined): url is string => /^https?:\/\//.test(url ?? '')

export function FindingLine({
  of,
  about,
  children,
  label = 'Why, and from whom',
}: {
  of: Said
  /** What stands beside the kind: the device, or how many there are. */
  about?: ReactNode
  /** What is shown when it is opened. */
  children: ReactNode
  label?: string
}) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <Box component="li" style={{ borderTop: '1px solid var(--line)' }} px="md" py={10}>
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <Box pt={2}>
          <Mark tone={of.severity} icon={severityIcon(of.severity)}>
            <span className="hidden">{of.severity}</span>
          </Mark>
        </Box>
        <Stack gap={3} flex={1} miw={0}>
          <Text size="sm" fw={550} component="h3" m={0} style={{ overflowWrap: 'anywhere' }}>
            {of.title}
          </Text>
          <Text size="sm" component="p" m={0} style={{ overflowWrap: 'anywhere' }}>
            <strong>{treatment(of.treatment)}.</strong> {of.reason}
          </Text>
          <Group gap={8} style={{ rowGap: 4 }}>
            <Badge variant="default" size="sm" tt="none" fw={500} radius="sm">
              {findingKind(of.kind)}
            </Badge>
            {of.exploited && (
              <Mark tone="critical" icon={<IconFlame size={14} aria-hidden />}>
                Attackers use it
              </Mark>
            )}
            {of.status !== 'affected' && (
              <Text size="xs" c="dimmed" span>
                {findingStatus(of.status)}
              </Text>
            )}
            {about && (
              <Text size="xs" c="dimmed" component="div" maw="100%" miw={0} className="about">
                {about}
              </Text>
            )}
          </Group>
          <Box>
            <Button
              variant="subtle"
              size="compact-sm"
              ml={-8}
              aria-expanded={open}
              aria-controls={id}
              onClick={() => setOpen(!open)}
              leftSection={
                open ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />
              }
            >
              {label}
              <span className="hidden">: {of.title}</span>
            </Button>
            <Collapse expanded={open} id={id}>
              {open && (
                <Box pt={8} className="about">
                  {children}
                </Box>
              )}
            </Collapse>
          </Box>
        </Stack>
      </Group>
    </Box>
  )
}

/** Why it is believed, what the advisory says, and what would make it surer. */
export function FindingReasons({ of }: { of: Finding }) {
  const { match, advisory } = of
  return (
    <Stack gap="sm">
      {match && (
        <Box>
          <Text size="sm">
            Matched {method(match.method)}; {surety(of.confidence)} ({percent(of.confidence)}). Found{' '}
            <Moment at={of.found} />
            {of.ended && (
              <>
                , over since <Moment at={of.ended} />
              </>
            )}
            .
          </Text>
          <Details of={match.matched} title="What matched" />
          <Details of={match.unmatched} title="What is not known or differs" />
          {(match.would_help?.length ?? 0) > 0 && (
            <Text size="sm" mt={6}>
              To be surer, find out: {match.would_help?.join('; ')}.
            </Text>
          )}
        </Box>
      )}
      {advisory && <AdvisoryFacts of={advisory} />}
    </Stack>
  )
}

export function AdvisoryFacts({ of }: { of: NonNullable<Said['advisory']> }) {
  const facts: [string, ReactNode][] = [
    ['Advisory', `${of.id} (${feed(of.feed)})`],
    ['Weaknesses', of.cve?.join(', ')],
    ['Score', of.cvss && `CVSS ${of.cvss.version}: ${of.cvss.score}`],
    ['Chance of use within 30 days', of.epss !== undefined ? percent(of.epss) : undefined],
    ['Ransomware', of.ransomware ? 'is known to use it' : undefined],
    ['Recall class', of.class],
    ['Published', of.published],
    ['Support ended', of.ended],
    ['Replaced by', of.replacement],
    ['Says the same', of.also?.join(', ')],
  ]
  return (
    <Box>
      <List size="sm" spacing={2} listStyleType="none">
        {facts
          .filter(([, value]) => value !== undefined && value !== '' && value !== false)
          .map(([name, value]) => (
            <List.Item key={name}>
              <Text span size="sm" c="dimmed">
                {name}:{' '}
              </Text>
              <Text span size="sm" style={{ overflowWrap: 'anywhere' }}>
                {value}
              </Text>
            </List.Item>
          ))}
      </List>
      {isWeb(of.url) && (
        <Anchor href={of.url} target="_blank" rel="noreferrer noopener" size="sm">
          Read it at {new URL(of.url).host} <IconExternalLink size={13} aria-hidden />
          <span className="hidden"> (opens elsewhere)</span>
        </Anchor>
      )}
    </Box>
  )
}

function Details({ of, title }: { of: MatchDetail[]; title: string }) {
  if (of.length === 0) return null
  return (
    <Scroll>
      <Table mt={6} withRowBorders={false} verticalSpacing={2} aria-label={title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{title}</Table.Th>
            <Table.Th>The device</Table.Th>
            <Table.Th>The advisory</Table.Th>
            <Table.Th>How</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {of.map((one) => (
            <Table.Tr key={`${one.attribute} ${one.device_value} ${one.advisory_value} ${one.how}`}>
              <Table.Td>{attribute(one.attribute)}</Table.Td>
              <Table.Td>{one.device_value || 'not known'}</Table.Td>
              <Table.Td>{one.advisory_value}</Table.Td>
              <Table.Td>{one.how}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}

/** The reasons of a finding of which only a line is known. */
export function AskedReasons({ id }: { id: string }) {
  const one = useQuery({
    queryKey: ['findings', 'one', id],
    queryFn: ({ signal }) => get<Finding>(`/findings/${encodeURIComponent(id)}`, undefined, signal),
  })
  return <Loaded of={one}>{(finding) => <FindingReasons of={finding} />}</Loaded>
}
