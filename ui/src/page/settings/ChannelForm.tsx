// Setting up a channel for alerts.
import { Button, Group, MultiSelect, PasswordInput, Select, Stack, Switch, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post, put } from '../../api/client'
import type { Channel, EventKind, Severity } from '../../api/schema'
import { useSites } from '../../api/session'
import { EVENT_KINDS, eventKind, sentence } from '../../logic/word'

type Kind = Channel['kind']
const FIELDS: Record<Kind, [string, string, string][]> = {
  webhook: [['url', 'Address', 'https://alerts.hospital.example/medward']],
  email: [
    ['to', 'To', 'oncall@hospital.example'],
    ['from', 'From', 'medward@hospital.example'],
    ['server', 'Mail server', 'smtp.hospital.example:587'],
    ['user', 'User at the mail server', ''],
  ],
  syslog: [['address', 'Server and port', 'siem.hospital.example:6514']],
}
const SECRET: Record<Kind, string> = {
  webhook: 'Key to sign messages with',
  email: 'Password at the mail server',
  syslog: '',
}

export function ChannelForm({ channel, close }: { channel?: Channel; close: () => void }) {
  const known = useSites()
  const [kind, setKind] = useState<Kind>(channel?.kind ?? 'email')
  const [name, setName] = useState(channel?.name ?? '')
  const [enabled, setEnabled] = useState(channel?.enabled ?? true)
  const [threshold, setThreshold] = useState<Severity>(channel?.threshold ?? 'high')
  const [kinds, setKinds] = useState<string[]>(channel?.kinds ?? [])
  const [sites, setSites] = useState(channel?.sites ?? [])
  const [config, setConfig] = useState<Record<string, string>>(channel?.config ?? {})
  const [secret, setSecret] = useState('')
  const fields = FIELDS[kind]
  const body = {
    kind,
    name: name.trim(),
    enabled,
    threshold,
    kinds: kinds as EventKind[],
    sites: sites.length ? sites : null,
    config: Object.fromEntries(fields.flatMap(([key]) => (config[key]?.trim() ? [[key, config[key].trim()]] : []))),
    ...(secret ? { secret } : {}),
  }
  const save = useChange({
    act: () => (channel ? put(`/channels/${encodeURIComponent(channel.id)}`, body) : post('/channels', body)),
    touches: ['channels'],
    done: 'Saved. Send a test to be sure.',
    after: close,
  })
  const first = fields[0]?.[0] ?? ''
  const ready = Boolean(body.name && config[first]?.trim())
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (ready) save.mutate()
      }}
    >
      <Stack gap="sm">
        <Select
          label="How"
          disabled={Boolean(channel)}
          data={[
            { value: 'email', label: 'E-mail' },
            { value: 'webhook', label: 'Webhook' },
            { value: 'syslog', label: 'Syslog' },
          ]}
          value={kind}
          onChange={(value) => value && setKind(value as Kind)}
        />
        <TextInput label="Name" maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        {fields.map(([key, label, example]) => (
          <TextInput
            key={key}
            label={label}
            placeholder={example}
            value={config[key] ?? ''}
            onChange={(event) => {
              const { value } = event.currentTarget
              setConfig((old) => ({ ...old, [key]: value }))
            }}
          />
        ))}
        {SECRET[kind] && (
          <PasswordInput
            label={SECRET[kind]}
            description={
              channel
                ? 'Empty: stays as it is. It is kept encrypted and never shown.'
                : 'Kept encrypted, never shown again'
            }
            autoComplete="new-password"
            value={secret}
            visibilityToggleButtonProps={{ 'aria-label': 'Show it', tabIndex: 0 }}
            onChange={(event) => setSecret(event.currentTarget.value)}
          />
        )}
        <Select
          label="From which severity on"
          data={['critical', 'high', 'medium', 'low', 'info'].map((value) => ({ value, label: sentence(value) }))}
          value={threshold}
          onChange={(value) => value && setThreshold(value as Severity)}
        />
        <MultiSelect
          label="Kinds of events"
          description="None chosen: all kinds"
          data={EVENT_KINDS.map((value) => ({ value, label: eventKind(value) }))}
          value={kinds}
          onChange={setKinds}
        />
        <MultiSelect
          label="Sites"
          description="None chosen: all sites"
          data={known}
          value={sites}
          onChange={setSites}
        />
        <Switch label="Send alerts" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" disabled={!ready} loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
