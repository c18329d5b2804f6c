// A receiver of alerts: what kind, where, and how grave an alert must be.
import {
  Button,
  Group,
  Modal,
  MultiSelect,
  NumberInput,
  PasswordInput,
  Select,
  Stack,
  TagsInput,
  TextInput,
} from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post, put, remove } from '../../api/client'
import type { Channel, EventKind, Severity } from '../../api/schema'
import { EVENT_KINDS, eventKind, sentence } from '../../logic/word'

type Config = Record<string, string | number | string[]>

export const NEW_CHANNEL: Channel = {
  id: '',
  kind: 'webhook',
  name: '',
  enabled: true,
  threshold: 'high',
  kinds: [],
  sites: null,
  config: {},
}

const EMPTY: Record<Channel['kind'], Config> = {
  webhook: { url: '' },
  email: { host: '', port: 587, security: 'starttls', user: '', from: '', to: [] },
  syslog: { host: '', port: 514, carrier: 'udp' },
}

/** As the server takes it. */
export function written(channel: Channel, secret?: string) {
  const { name, enabled, threshold, kinds, sites, kind, config } = channel
  return { name, enabled, threshold, kinds, sites, kind, config, ...(secret ? { secret } : {}) }
}

export function ChannelForm({ channel, close }: { channel: Channel; close: () => void }) {
  const fresh = channel.id === ''
  const [now, setNow] = useState(channel)
  const [config, setConfig] = useState<Config>({ ...EMPTY[channel.kind], ...(channel.config as Config) })
  const [secret, setSecret] = useState('')
  const path = `/channels/${encodeURIComponent(channel.id)}`
  const save = useChange({
    act: () => {
      const body = written({ ...now, config: config as Channel['config'] }, secret)
      return fresh ? post('/channels', body) : put(path, body)
    },
    touches: ['channels'],
    done: 'Saved',
    after: close,
  })
  const gone = useChange({ act: () => remove(path), touches: ['channels'], done: 'Removed', after: close })
  const text = (name: string, label: string, description?: string) => (
    <TextInput
      label={label}
      description={description}
      value={String(config[name] ?? '')}
      onChange={(event) => setConfig({ ...config, [name]: event.currentTarget.value })}
    />
  )
  const number = (
    <NumberInput
      label="Port"
      min={1}
      max={65_535}
      allowDecimal={false}
      value={Number(config.port ?? 0)}
      onChange={(value) => setConfig({ ...config, port: Number(value) || 1 })}
    />
  )
  return (
    <Modal
      opened
      onClose={close}
      title={fresh ? 'Add a receiver' : `Change ${channel.name}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            value={now.name}
            onChange={(event) => setNow({ ...now, name: event.currentTarget.value })}
          />
          <Select
            label="By"
            data={[
              { value: 'webhook', label: 'Webhook' },
              { value: 'email', label: 'Mail' },
              { value: 'syslog', label: 'Syslog' },
            ]}
            value={now.kind}
            allowDeselect={false}
            onChange={(value) => {
              const kind = (value ?? 'webhook') as Channel['kind']
              setNow({ ...now, kind })
              setConfig(EMPTY[kind])
            }}
          />
          {now.kind === 'webhook' && text('url', 'Address', 'https://…; signed with the secret, where there is one')}
          {now.kind === 'email' && (
            <>
              {text('host', 'Mail server')}
              {number}
              <Select
                label="Security"
                data={[
                  { value: 'tls', label: 'TLS' },
                  { value: 'starttls', label: 'STARTTLS' },
                  { value: 'none', label: 'None: only within a trusted network' },
                ]}
                value={String(config.security ?? 'tls')}
                allowDeselect={false}
                onChange={(value) => setConfig({ ...config, security: value ?? 'tls' })}
              />
              {text('user', 'User', 'Empty: without signing in')}
              {text('from', 'From')}
              <TagsInput
                label="To"
                value={Array.isArray(config.to) ? config.to : []}
                onChange={(to) => setConfig({ ...config, to })}
              />
            </>
          )}
          {now.kind === 'syslog' && (
            <>
              {text('host', 'Collector')}
              {number}
              <Select
                label="Carried by"
                data={[
                  { value: 'udp', label: 'UDP' },
                  { value: 'tcp', label: 'TCP' },
                ]}
                value={String(config.carrier ?? 'udp')}
                allowDeselect={false}
                onChange={(value) => setConfig({ ...config, carrier: value ?? 'udp' })}
              />
            </>
          )}
          {now.kind !== 'syslog' && (
            <PasswordInput
              label="Secret"
              description={fresh ? 'Kept sealed, never shown' : 'Empty: as it is'}
              autoComplete="off"
              value={secret}
              visibilityToggleButtonProps={{ 'aria-label': 'Show the secret', tabIndex: 0 }}
              onChange={(event) => setSecret(event.currentTarget.value)}
            />
          )}
          <Select
            label="At least so grave"
            data={['info', 'low', 'medium', 'high', 'critical'].map((one) => ({ value: one, label: sentence(one) }))}
            value={now.threshold}
            allowDeselect={false}
            onChange={(value) => value && setNow({ ...now, threshold: value as Severity })}
          />
          <MultiSelect
            label="Kinds"
            placeholder={now.kinds.length ? undefined : 'All kinds'}
            data={EVENT_KINDS.map((kind) => ({ value: kind, label: eventKind(kind) }))}
            value={now.kinds}
            onChange={(kinds) => setNow({ ...now, kinds: kinds as EventKind[] })}
          />
          <Group justify="space-between" mt="xs">
            {fresh ? (
              <span />
            ) : (
              <Button variant="subtle" color="red" loading={gone.isPending} onClick={() => gone.mutate()}>
                Remove
              </Button>
            )}
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
