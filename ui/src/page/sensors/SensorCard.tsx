// One sensor: how it is, in words first, then its numbers.
import { Anchor, Box, Button, Collapse, Group, Menu, Modal, Table, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDots, IconTrash } from '@tabler/icons-react'
import { useChange } from '../../api/change'
import { remove } from '../../api/client'
import type { Sensor } from '../../api/schema'
import { bits, bytes, count, percent, short } from '../../logic/amount'
import { sentence } from '../../logic/word'
import { Figure } from '../../part/Layout'
import { HealthMark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { IfMay } from '../../part/State'

export function SensorCard({ sensor }: { sensor: Sensor }) {
  const [more, { toggle }] = useDisclosure(false)
  const [removing, drop] = useDisclosure(false)
  const lost = sensor.packets + sensor.dropped > 0 ? sensor.dropped / (sensor.packets + sensor.dropped) : 0
  const gone = useChange({
    act: () => remove(`/sensors/${encodeURIComponent(sensor.name)}`),
    touches: ['sensors'],
    done: `${sensor.name} is removed; it can no longer report.`,
    after: drop.close,
  })
  return (
    <Box component="section" className="card" p="md" aria-label={`Sensor ${sensor.name}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Box miw={0}>
          <Group gap="xs">
            <Text fw={620} fz={16} component="h2" m={0}>
              {sensor.name}
            </Text>
            <Text size="sm" c="dimmed">
              {sensor.site}
            </Text>
            <HealthMark of={sensor.health} filled />
          </Group>
          <Text size="sm" mt={4}>
            {sensor.words}
          </Text>
        </Box>
        <IfMay to="sensor.manage">
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="subtle" color="gray" c="dimmed" px={8} aria-label={`Actions for ${sensor.name}`}>
                <IconDots size={18} aria-hidden />
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={drop.open}>
                Remove the sensor
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </IfMay>
      </Group>
      <Box className="figures" mt="sm">
        <Figure
          label="Hears now"
          value={bits(sensor.bits_per_second)}
          sub={`${short(sensor.packets_per_second)} packets a second`}
        />
        <Figure
          label="Lost since start"
          value={percent(lost)}
          sub={sensor.dropped ? `${count(sensor.dropped)} packets` : 'nothing'}
        />
        <Figure
          label="Last report"
          value={<Moment at={sensor.last_report} />}
          sub={
            <>
              last packet <Moment at={sensor.last_packet} />
            </>
          }
        />
        <Figure
          label="Waiting to be sent"
          value={count(sensor.spooled)}
          sub={sensor.lost_reports ? `${count(sensor.lost_reports)} given up` : bytes(sensor.spooled_bytes)}
        />
      </Box>
      <Anchor component="button" size="sm" mt="sm" onClick={toggle} aria-expanded={more} py={3}>
        {more ? 'Less' : 'More about it'}
      </Anchor>
      <Collapse expanded={more}>
        <Details sensor={sensor} />
      </Collapse>
      <Modal opened={removing} onClose={drop.close} title={`Remove ${sensor.name}?`}>
        <Text size="sm" mb="md">
          It can no longer report. What it heard so far stays.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={drop.close}>
            Keep it
          </Button>
          <Button color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
            Remove
          </Button>
        </Group>
      </Modal>
    </Box>
  )
}

function Details({ sensor }: { sensor: Sensor }) {
  const rows: [string, React.ReactNode][] = [
    ['Listens on', sensor.interfaces.join(', ')],
    ['Version', sensor.version],
    ['Started', <Moment key="started" at={sensor.started} exact />],
    ['Heard since then', `${count(sensor.packets)} packets, ${bytes(sensor.bytes)}`],
    ['Memory', bytes(sensor.memory)],
    ...Object.entries(sensor.weirds).map(([name, n]): [string, React.ReactNode] => [
      `Odd: ${sentence(name).toLowerCase()}`,
      count(n),
    ]),
    ...Object.entries(sensor.evictions).map(([name, n]): [string, React.ReactNode] => [
      `Table full: ${sentence(name).toLowerCase()}`,
      count(n),
    ]),
  ]
  return (
    <Table mt="xs" maw={620}>
      <Table.Tbody>
        {rows.map(([label, value]) => (
          <Table.Tr key={label}>
            <Table.Th scope="row" w={220}>
              {label}
            </Table.Th>
            <Table.Td>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
