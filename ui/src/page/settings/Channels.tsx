// Where alerts go.
import { Badge, Button, Group, Modal, Stack, Text } from '@mantine/core'
import { IconAlertTriangleFilled, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, remove } from '../../api/client'
import type { Channel, Page } from '../../api/schema'
import { eventKind, sentence } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Loaded, Nothing } from '../../part/State'
import { ChannelForm } from './ChannelForm'

export default function Channels() {
  const [editing, setEditing] = useState<Channel | 'new'>()
  const channels = useQuery({
    queryKey: ['channels'],
    queryFn: ({ signal }) => get<Page<Channel>>('/channels', undefined, signal),
  })
  return (
    <Card
      title="Alerts"
      note="Events are delivered at least once, and tried again when the other side is away"
      flush
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing('new')}>
          Add a channel
        </Button>
      }
    >
      <Loaded of={channels}>
        {(data) =>
          data.items.length === 0 ? (
            <Nothing title="Nobody is told yet">
              Add a channel, and events above a severity of your choice go to a mailbox, a webhook or a log server.
            </Nothing>
          ) : (
            <Stack gap={0}>
              {data.items.map((channel) => (
                <Row key={channel.id} channel={channel} edit={() => setEditing(channel)} />
              ))}
            </Stack>
          )
        }
      </Loaded>
      <Modal
        opened={Boolean(editing)}
        onClose={() => setEditing(undefined)}
        title={editing === 'new' ? 'Add a channel' : `Change ${editing?.name}`}
      >
        {editing && (
          <ChannelForm channel={editing === 'new' ? undefined : editing} close={() => setEditing(undefined)} />
        )}
      </Modal>
    </Card>
  )
}

/** Where it leads, in one line. */
function where(channel: Channel): string {
  if (channel.kind === 'webhook') return channel.config.url
  if (channel.kind === 'email')
    return `${channel.config.to.join(', ')} by ${channel.config.host}:${channel.config.port}`
  return `${channel.config.host}:${channel.config.port} (${(channel.config.carrier ?? 'udp').toUpperCase()})`
}

function Row({ channel, edit }: { channel: Channel; edit: () => void }) {
  const test = useChange({
    act: () => post(`/channels/${encodeURIComponent(channel.id)}/test`),
    touches: ['channels'],
    done: `A test message went to ${channel.name}. Look whether it arrived.`,
  })
  const drop = useChange({
    act: () => remove(`/channels/${encodeURIComponent(channel.id)}`),
    touches: ['channels'],
    done: `${channel.name} is removed.`,
  })
  const { last_sent, last_error, waiting = 0 } = channel.state ?? {}
  return (
    <Group justify="space-between" px="md" py="sm" style={{ borderTop: '1px solid var(--line)' }} align="flex-start">
      <Stack gap={2} flex={1} miw={230}>
        <Group gap="xs">
          <Text fw={600}>{channel.name}</Text>
          <Badge variant="default" tt="none" size="sm">
            {channel.kind === 'email' ? 'E-mail' : sentence(channel.kind)}
          </Badge>
          {!channel.enabled && (
            <Badge variant="default" tt="none" size="sm">
              paused
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
          {where(channel)}
        </Text>
        <Text size="sm">
          {sentence(channel.threshold)} and above,{' '}
          {channel.kinds.length ? channel.kinds.map((kind) => eventKind(kind).toLowerCase()).join(', ') : 'all kinds'},{' '}
          {channel.sites?.join(', ') ?? 'all sites'}
        </Text>
        {last_error ? (
          <Mark tone="high" icon={<IconAlertTriangleFilled size={14} aria-hidden />}>
            {last_error}
            {waiting ? `; ${waiting} wait` : ''}
          </Mark>
        ) : (
          <Text size="xs" c="dimmed" component="div">
            last sent <Moment at={last_sent} />
          </Text>
        )}
      </Stack>
      <Group gap={6}>
        <Button
          size="compact-sm"
          variant="default"
          loading={test.isPending}
          onClick={() => test.mutate()}
          aria-label={`Test ${channel.name}`}
        >
          Test
        </Button>
        <Button size="compact-sm" variant="default" onClick={edit} aria-label={`Change ${channel.name}`}>
          Change
        </Button>
        <Button size="compact-sm" variant="default" onClick={() => drop.mutate()} aria-label={`Remove ${channel.name}`}>
          Remove
        </Button>
      </Group>
    </Group>
  )
}
