// Why a value is believed: in plain words first, then the evidence down to packets, what lost, and what it was before.

import { Badge, Box, Drawer, Group, Progress, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import { useProtocols } from '../../api/protocols'
import type { Why as Answer, Support } from '../../api/schema'
import { percent } from '../../logic/amount'
import { attribute as attributeName, attributeValue, source, surety } from '../../logic/word'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Loaded } from '../../part/State'

export function Why({ id, attribute, close }: { id: string; attribute?: string; close: () => void }) {
  const why = useQuery({
    queryKey: ['device', id, 'why', attribute],
    queryFn: ({ signal }) =>
      get<Answer>(`/devices/${encodeURIComponent(id)}/why/${encodeURIComponent(attribute ?? '')}`, undefined, signal),
    enabled: Boolean(attribute),
  })
  return (
    <Drawer
      opened={Boolean(attribute)}
      onClose={close}
      position="right"
      size="lg"
      title={attribute ? `Why this ${attributeName(attribute).toLowerCase()}?` : ''}
    >
      {attribute && <Loaded of={why}>{(data) => <Reasons why={data} />}</Loaded>}
    </Drawer>
  )
}

function Reasons({ why }: { why: Answer }) {
  const sure = why.confidence ?? 0
  return (
    <Stack gap="lg">
      {why.value !== undefined && (
        <Box>
          <Text fz={22} fw={640} style={{ overflowWrap: 'anywhere' }}>
            {attributeValue(why.attribute, why.value)}
          </Text>
          <Group gap="sm" mt={4} wrap="nowrap">
            <Progress value={sure * 100} w={120} size="sm" aria-label="How sure" />
            <Text size="sm" c="dimmed">
              {surety(sure)}, {percent(sure)} of such claims are right
            </Text>
          </Group>
        </Box>
      )}
      <Text>{why.words}</Text>
      {why.evidence && why.evidence.length > 0 && (
        <Box component="section">
          <Title order={3} mb={4}>
            What speaks for it
          </Title>
          <Evidence list={why.evidence} />
        </Box>
      )}
      {why.rejected && why.rejected.length > 0 && (
        <Box component="section">
          <Title order={3} mb={4}>
            What was considered and lost
          </Title>
          <Stack gap="sm">
            {why.rejected.map((candidate) => (
              <Box key={candidate.value}>
                <Group gap="xs">
                  <Text fw={550}>{attributeValue(why.attribute, candidate.value)}</Text>
                  <Badge variant="default" tt="none" fw={500}>
                    {percent(candidate.confidence)}
                  </Badge>
                </Group>
                <Evidence list={candidate.evidence} />
              </Box>
            ))}
          </Stack>
        </Box>
      )}
      {why.history.length > 0 && (
        <Box component="section">
          <Title order={3} mb={4}>
            What it was over time
          </Title>
          <Stack gap={4} component="ul" m={0} pl={18}>
            {why.history.map((change) => (
              <Text component="li" size="sm" key={`${change.at} ${change.value}`}>
                <b>{attributeValue(why.attribute, change.value)}</b> since <Moment at={change.at} exact />
                <Text span size="xs" c="dimmed">
                  {' '}
                  from {change.because}
                </Text>
              </Text>
            ))}
          </Stack>
        </Box>
      )}
    </Stack>
  )
}

function Evidence({ list }: { list: Support[] }) {
  const spelled = useProtocols()
  return (
    <Scroll label="Evidence">
      <Table fz="sm" withRowBorders>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Who says so</Table.Th>
            <Table.Th>What was read</Table.Th>
            <Table.Th>Weight</Table.Th>
            <Table.Th>Packet</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list.map((support) => (
            <Table.Tr key={`${support.source} ${support.field} ${support.value} ${support.packet}`}>
              <Table.Td>
                {source(support.source, spelled)}
                <Text size="xs" c="dimmed" className="mono">
                  {support.field}
                </Text>
              </Table.Td>
              <Table.Td className="mono" style={{ overflowWrap: 'anywhere', minWidth: 130 }}>
                {support.value}
              </Table.Td>
              <Table.Td>{percent(support.weight)}</Table.Td>
              <Table.Td>
                {support.packet ? `#${support.packet}` : '–'}
                {support.time && (
                  <Text size="xs" c="dimmed" component="div">
                    <Moment at={support.time} exact />
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}
