// What is known of a chosen node, and the way to its devices.
import { Button, CloseButton, Group, Stack, Text, Title, UnstyledButton } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useProtocols } from '../../api/protocols'
import type { MapAnswer, MapGroup } from '../../api/schema'
import { bytes, count, many } from '../../logic/amount'
import { term } from '../../logic/query'

interface NodePanelProps {
  map: MapAnswer
  group: MapGroup
  id: string
  name: (id: string) => string
  onChoose: (id: string | undefined) => void
}

export function NodePanel({ map, group, id, name, onChoose }: NodePanelProps) {
  const navigate = useNavigate()
  const protocol = useProtocols()
  const node = map.nodes.find((one) => one.id === id)
  if (!node) return null
  const links = map.links.filter((link) => link.from === id || link.to === id)
  const total = links.reduce((sum, link) => sum + link.bytes, 0)
  const open = () => {
    if (group === 'device') void navigate({ to: '/devices/$id', params: { id } })
    else void navigate({ to: '/devices', search: { q: id === '' ? undefined : term(group, id) } })
  }
  return (
    <Stack gap="sm" className="card" p="md" component="section" aria-label={`About ${name(id)}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Title order={2}>{name(id)}</Title>
        <CloseButton aria-label="Close" onClick={() => onChoose(undefined)} />
      </Group>
      <Text size="sm" c="dimmed">
        {group === 'device'
          ? node.scope === 'external'
            ? 'Outside the network. '
            : ''
          : `${many(node.devices, 'device')}${node.medical ? ', mostly medical' : ''}. `}
        {node.missing ? `${group === 'device' ? 'It is' : many(node.missing, 'is', 'are')} missing. ` : ''}
        {bytes(total)} of traffic with {many(links.length, 'other')}.
      </Text>
      <Button onClick={open} variant="default" disabled={group !== 'device' && id === ''}>
        {group === 'device' ? 'Open the device' : 'Show these devices'}
      </Button>
      <Stack gap={0}>
        {links.slice(0, 10).map((link) => {
          const other = link.from === id ? link.to : link.from
          return (
            <UnstyledButton key={`${link.from} ${link.to}`} className="facet" onClick={() => onChoose(other)}>
              <span className="cut">
                {other === id ? 'among themselves' : name(other)}{' '}
                <Text span size="xs" c="dimmed">
                  {link.protocols.slice(0, 2).map(protocol).join(', ')}
                </Text>
              </span>
              <span style={{ flex: 'none' }}>{bytes(link.bytes)}</span>
            </UnstyledButton>
          )
        })}
      </Stack>
      {links.length > 10 && (
        <Text size="xs" c="dimmed">
          and {count(links.length - 10)} more
        </Text>
      )}
    </Stack>
  )
}
