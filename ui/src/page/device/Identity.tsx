// What a device is: each value leads to the reasons for it. Beside it, what people say of it.

import { Anchor, Grid, Stack, Table, Text } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useProtocols } from '../../api/protocols'
import type { DeviceAnswer } from '../../api/schema'
import { ATTRIBUTE_ORDER, attribute, attributeValue, surety } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { Facts } from './Facts'
import { Notes } from './Notes'

export function Identity({ answer, ask }: { answer: DeviceAnswer; ask: (attribute: string) => void }) {
  const { device, merged_from } = answer
  const names = Object.keys(device.attributes).sort((a, b) => place(a) - place(b))
  const missing = ['vendor', 'model', 'category', 'serial'].filter((name) => !names.includes(name))
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 7 }}>
        <Stack gap="md">
          <Card title="Identity" note="Choose a value to see why it is believed." flush>
            {names.map((name) => {
              const fused = device.attributes[name]
              if (!fused) return null
              return (
                <button key={name} type="button" className="why-row" onClick={() => ask(name)}>
                  <Text size="sm" c="dimmed" component="span">
                    {attribute(name)}
                  </Text>
                  <Text size="sm" fw={550} component="span" style={{ overflowWrap: 'anywhere' }}>
                    {attributeValue(name, fused.value)}
                  </Text>
                  <Text size="xs" c="dimmed" component="span" style={{ display: 'flex', alignItems: 'center', gap: 4 }}>
                    {surety(fused.confidence)}
                    <span className="hidden">. Show why</span>
                    <IconChevronRight size={14} aria-hidden />
                  </Text>
                </button>
              )
            })}
            {missing.length > 0 && (
              <Text size="sm" c="dimmed" px="md" py={9}>
                Not known: {missing.map((name) => attribute(name).toLowerCase()).join(', ')}. Nothing that was heard
                tells it.
              </Text>
            )}
          </Card>
          <Services answer={answer} />
          {device.software.length > 0 && <SoftwareList answer={answer} />}
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Stack gap="md">
          <Notes answer={answer} />
          <Facts answer={answer} />
          {(device.parent || merged_from.length > 0) && (
            <Card title="Belongs together">
              {device.parent && (
                <Text size="sm">
                  It is behind <DeviceLink id={device.parent} name="another device" />.
                </Text>
              )}
              {merged_from.length > 0 && (
                <Text size="sm">
                  {merged_from.length + 1} records are this one device:{' '}
                  <span className="mono">{merged_from.join(', ')}</span>.{' '}
                  <Anchor href="/settings?part=identities" size="sm">
                    All decisions
                  </Anchor>
                </Text>
              )}
            </Card>
          )}
        </Stack>
      </Grid.Col>
    </Grid>
  )
}

function place(name: string): number {
  const at = ATTRIBUTE_ORDER.indexOf(name)
  return at < 0 ? 99 : at
}

function Services({ answer }: { answer: DeviceAnswer }) {
  const { services } = answer.device
  const protocol = useProtocols()
  return (
    <Card title="Services" note="What it answers on" flush>
      {services.length === 0 ? (
        <Text size="sm" c="dimmed" px="md" pb="md">
          It was never heard to answer; it only asks others.
        </Text>
      ) : (
        <Scroll>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th pl="md">Port</Table.Th>
                <Table.Th>Protocol</Table.Th>
                <Table.Th>First heard</Table.Th>
                <Table.Th>Last heard</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {services.map((service) => (
                <Table.Tr key={`${service.transport} ${service.port} ${service.protocol}`}>
                  <Table.Td pl="md" className="mono">
                    {service.port}/{service.transport}
                  </Table.Td>
                  <Table.Td>{protocol(service.protocol)}</Table.Td>
                  <Table.Td>
                    <Moment at={service.first_seen} />
                  </Table.Td>
                  <Table.Td>
                    <Moment at={service.last_seen} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Scroll>
      )}
    </Card>
  )
}

function SoftwareList({ answer }: { answer: DeviceAnswer }) {
  return (
    <Card title="Software" flush>
      <Scroll>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th pl="md">Name</Table.Th>
              <Table.Th>Version</Table.Th>
              <Table.Th>How sure</Table.Th>
              <Table.Th>Who says so</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {answer.device.software.map((one) => (
              <Table.Tr key={`${one.name} ${one.version}`}>
                <Table.Td pl="md">{one.name}</Table.Td>
                <Table.Td className="mono">{one.version ?? '–'}</Table.Td>
                <Table.Td>{surety(one.confidence)}</Table.Td>
                <Table.Td>
                  <Text size="xs" c="dimmed" className="mono">
                    {one.evidence.map((support) => `${support.source}.${support.field}`).join(', ')}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Scroll>
    </Card>
  )
}
