// What is missing, with what is at stake: life, money, where it was last and when it was last used.
import { Anchor, Box, Table, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get } from '../../api/client'
import type { Missing as Answer, Stakes } from '../../api/schema'
import { count, many, money } from '../../logic/amount'
import { category } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Loaded } from '../../part/State'

const SHOWN = 6

/** "12,500 EUR and 900 CHF". */
export function sums({ worth }: Stakes): string {
  return worth.map((sum) => money(sum.amount, sum.currency)).join(' and ')
}

/** What is at stake, as a sentence. */
function words(stakes: Stakes): string {
  const life = stakes.life_supporting
    ? `Life depends on ${count(stakes.life_supporting)} of ${many(stakes.devices, 'missing device')}. `
    : `${many(stakes.devices, 'device')} went silent while ${stakes.devices === 1 ? 'its network' : 'their networks'} did not. `
  if (!stakes.worth.length) return `${life}Nobody said what they are worth.`
  const rest = stakes.without_value
    ? ` At least: of ${many(stakes.without_value, 'device')} nobody said the value.`
    : ''
  return `${life}Together they are worth ${sums(stakes)}.${rest}`
}

export function Missing() {
  const missing = useQuery({
    queryKey: ['missing'],
    queryFn: ({ signal }) => get<Answer>('/missing', undefined, signal),
    refetchInterval: 60_000,
  })
  return (
    <Card
      title="Missing"
      flush
      actions={
        <Anchor size="sm" renderRoot={(props) => <Link to="/devices" search={{ q: 'status:missing' }} {...props} />}>
          All missing
        </Anchor>
      }
    >
      <Loaded of={missing}>{(data) => <Shown of={data} />}</Loaded>
    </Card>
  )
}

function Shown({ of }: { of: Answer }) {
  return (
    <Box>
      <Text size="sm" px="md" pb="xs">
        {words(of)}
      </Text>
      <Scroll>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th pl="md">Device</Table.Th>
              <Table.Th>Kind</Table.Th>
              <Table.Th ta="right">Value</Table.Th>
              <Table.Th>Seen last</Table.Th>
              <Table.Th>At</Table.Th>
              <Table.Th>Before that</Table.Th>
              <Table.Th>Last used</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {of.items.slice(0, SHOWN).map(({ device, value, currency, last_used, before }) => (
              <Table.Tr key={device.id}>
                <Table.Td pl="md">
                  <DeviceLink id={device.id} name={device.name} />
                  {device.life_supporting === 'yes' && (
                    <Text size="xs" c="var(--critical)" component="div">
                      Life depends on it
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  {category(device.category)}
                  {device.criticality && (
                    <Text size="xs" c="dimmed" component="div">
                      Criticality {device.criticality} of 5
                    </Text>
                  )}
                </Table.Td>
                <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                  {value === undefined ? '–' : money(value, currency)}
                </Table.Td>
                <Table.Td>{device.last_seen ? <Moment at={device.last_seen} /> : '–'}</Table.Td>
                <Table.Td>{device.whereabouts?.position ?? '–'}</Table.Td>
                <Table.Td>
                  {before ? (
                    <>
                      {before.position}, <Moment at={before.last} />
                    </>
                  ) : (
                    '–'
                  )}
                </Table.Td>
                <Table.Td>{last_used ? <Moment at={last_used} /> : '–'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </Box>
  )
}
