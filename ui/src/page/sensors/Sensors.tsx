// The sensors: how they are, what they lose, and what nobody hears.
import { Anchor, Button, Grid, Group, Stack, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get } from '../../api/client'
import type { Coverage, Sensor } from '../../api/schema'
import { useSites } from '../../api/session'
import { bytes, count, many, short } from '../../logic/amount'
import { Card, Figure, Sheet } from '../../part/Layout'
import { HealthMark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Allowed, IfMay, Loaded, Nothing } from '../../part/State'
import { Dismiss } from './Dismiss'
import { Invite } from './Invite'

export function Sensors() {
  const [inviting, invite] = useDisclosure()
  return (
    <Sheet
      title="Sensors"
      sub="Where Medward listens, and what it cannot hear"
      actions={
        <IfMay to="sensor.manage">
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={invite.open}>
            Invite a sensor
          </Button>
        </IfMay>
      }
    >
      <Allowed to="sensor.read" what="the sensors">
        <All />
        <Sites />
      </Allowed>
      <Invite opened={inviting} close={invite.close} />
    </Sheet>
  )
}

function All() {
  const sensors = useQuery({
    queryKey: ['sensors'],
    queryFn: ({ signal }) => get<{ items: Sensor[] }>('/sensors', undefined, signal),
    refetchInterval: 10_000,
  })
  return (
    <Loaded of={sensors}>
      {({ items }) =>
        items.length === 0 ? (
          <Card>
            <Nothing title="No sensor reports yet">
              Start the monitor with --capture to listen on this machine, or invite a sensor elsewhere.
            </Nothing>
          </Card>
        ) : (
          <Stack gap="md">
            {items.map((sensor) => (
              <One key={`${sensor.site}/${sensor.name}`} sensor={sensor} />
            ))}
          </Stack>
        )
      }
    </Loaded>
  )
}

function One({ sensor }: { sensor: Sensor }) {
  const seen = sensor.packets + sensor.dropped
  const lost = seen > 0 ? (sensor.dropped / seen) * 100 : 0
  const odd = Object.entries(sensor.weirds).sort((a, b) => b[1] - a[1])
  return (
    <Card
      title={
        <Group gap="sm">
          {sensor.name}
          <HealthMark of={sensor.health} filled />
        </Group>
      }
      note={`Site ${sensor.site} · ${sensor.interfaces.join(', ') || 'no interface'} · version ${sensor.version}`}
      actions={
        <IfMay to="sensor.manage">
          <Dismiss name={sensor.name} />
        </IfMay>
      }
    >
      <Stack gap="sm">
        <Text size="sm">{sensor.words}</Text>
        <Grid gap="md">
          {(
            [
              ['Now', `${short(sensor.packets_per_second)} packets/s`, `${short(sensor.bits_per_second)}bit/s`],
              ['Heard', `${short(sensor.packets)} packets`, bytes(sensor.bytes)],
              [
                'Lost',
                many(sensor.dropped, 'packet'),
                lost >= 0.01 ? `${lost.toFixed(2)} % of all` : 'nothing to speak of',
              ],
              [
                'Waiting',
                many(sensor.spooled, 'report'),
                sensor.lost_reports ? `${count(sensor.lost_reports)} given up` : bytes(sensor.spooled_bytes),
              ],
              ['Memory', bytes(sensor.memory), ''],
            ] as [string, string, string][]
          ).map(([label, value, sub]) => (
            <Grid.Col key={label} span={{ base: 6, sm: 4, lg: 2 }}>
              <Figure
                label={label}
                value={
                  <Text fz={17} fw={600} component="span">
                    {value}
                  </Text>
                }
                sub={sub}
              />
            </Grid.Col>
          ))}
          <Grid.Col span={{ base: 6, sm: 4, lg: 2 }}>
            <Figure
              label="Last report"
              value={
                <Text fz={17} fw={600} component="span">
                  <Moment at={sensor.last_report} />
                </Text>
              }
            />
          </Grid.Col>
        </Grid>
        {odd.length > 0 && (
          <details>
            <summary>
              <Text size="sm" component="span">
                Odd traffic:{' '}
                {many(
                  odd.reduce((sum, [, n]) => sum + n, 0),
                  'time',
                )}
              </Text>
            </summary>
            <Text size="sm" className="mono" component="ul" mt={4}>
              {odd.slice(0, 30).map(([name, times]) => (
                <li key={name}>
                  {name}: {count(times)}
                </li>
              ))}
            </Text>
          </details>
        )}
      </Stack>
    </Card>
  )
}

function Sites() {
  const sites = useSites()
  return sites.map((site) => <Site key={site} site={site} />)
}

function Site({ site }: { site: string }) {
  const coverage = useQuery({
    queryKey: ['coverage', site],
    queryFn: ({ signal }) => get<Coverage>('/coverage', { site }, signal),
  })
  return (
    <Card title={`Coverage of ${site}`} note="Devices that speak on the wire, and devices that are only spoken of">
      <Loaded of={coverage}>
        {(data) => (
          <Stack gap="sm">
            <Group gap="xl">
              <Figure label="Heard" value={count(data.heard)} />
              <Figure label="Never heard" value={count(data.unheard)} sub={data.unheard ? 'blind spots' : 'none'} />
            </Group>
            {Object.keys(data.vlans).length > 0 && (
              <Table.ScrollContainer minWidth={260}>
                <Table maw={360}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>VLAN</Table.Th>
                      <Table.Th ta="right">Devices heard</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {Object.entries(data.vlans).map(([vlan, devices]) => (
                      <Table.Tr key={vlan}>
                        <Table.Td>{vlan === '0' ? 'untagged' : vlan}</Table.Td>
                        <Table.Td ta="right">{count(devices)}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
            {data.blind_spots.length > 0 && (
              <Text size="sm" component="ul" m={0}>
                {data.blind_spots.slice(0, 50).map((device) => (
                  <li key={device.id}>
                    <Anchor renderRoot={(props) => <Link to="/devices/$id" params={{ id: device.id }} {...props} />}>
                      {device.name}
                    </Anchor>
                  </li>
                ))}
              </Text>
            )}
          </Stack>
        )}
      </Loaded>
    </Card>
  )
}
