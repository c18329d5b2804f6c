// Where alerts go: by webhook, mail and syslog, above a threshold.
import { Button, Group, Stack, Switch, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, put } from '../../api/client'
import type { Channel } from '../../api/schema'
import { many } from '../../logic/amount'
import { sentence } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Loaded, Nothing } from '../../part/State'
import { ChannelForm, NEW_CHANNEL, written } from './ChannelForm'

export function Channels() {
  const channels = useQuery({
    queryKey: ['channels'],
    queryFn: ({ signal }) => get<{ items: Channel[] }>('/channels', undefined, signal),
    refetchInterval: 15_000,
  })
  const [editing, setEditing] = useState<Channel>()
  return (
    <Stack gap="md">
      <Group justify="space-between">
        <Text size="sm" maw={560}>
          Each alert is delivered at least once, in order, and tried again when it fails. Nothing is lost while a
          receiver is away.
        </Text>
        <Button
          size="compact-md"
          leftSection={<IconPlus size={15} aria-hidden />}
          onClick={() => setEditing(NEW_CHANNEL)}
        >
          Add a receiver
        </Button>
      </Group>
      <Loaded of={channels}>
        {({ items }) =>
          items.length === 0 ? (
            <Card>
              <Nothing title="Alerts go nowhere yet">
                Add a receiver: a chat's webhook, a mailbox, a log collector.
              </Nothing>
            </Card>
          ) : (
            items.map((channel) => <One key={channel.id} channel={channel} edit={() => setEditing(channel)} />)
          )
        }
      </Loaded>
      {editing && <ChannelForm key={editing.id} channel={editing} close={() => setEditing(undefined)} />}
    </Stack>
  )
}

function One({ channel, edit }: { channel: Channel; edit: () => void }) {
  const path = `/channels/${encodeURIComponent(channel.id)}`
  const turn = useChange<boolean>({
    act: (enabled) => put(path, written({ ...channel, enabled })),
    touches: ['channels'],
  })
  const test = useChange({ act: () => post(`${path}/test`), touches: ['channels'], done: 'The test alert was taken' })
  const state = channel.state
  return (
    <Card
      title={channel.name}
      note={`${sentence(channel.kind)} · ${sentence(channel.threshold)} and above${channel.kinds.length ? ` · ${many(channel.kinds.length, 'kind')}` : ''}`}
      actions={
        <Group gap="xs" wrap="nowrap">
          <Button size="compact-sm" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
            Send a test
          </Button>
          <Button size="compact-sm" variant="subtle" onClick={edit} aria-label={`Change ${channel.name}`}>
            Change
          </Button>
        </Group>
      }
    >
      <Stack gap={6}>
        <Switch
          label="In use"
          aria-label={`${channel.name} in use`}
          checked={channel.enabled}
          onChange={(event) => turn.mutate(event.currentTarget.checked)}
        />
        <Text size="sm">
          Last delivered <Moment at={state?.last_sent} />
          {state?.waiting ? `; ${many(state.waiting, 'alert')} waiting` : ''}
        </Text>
        {state?.last_error && <Mark tone="high">{state.last_error}</Mark>}
      </Stack>
    </Card>
  )
}
