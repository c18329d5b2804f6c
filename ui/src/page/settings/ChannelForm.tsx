// Setting up a channel for alerts.
import { Button, Group, MultiSelect, NumberInput, PasswordInput, Select, Stack, Switch, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post, put } from '../../api/client'
import type { Channel, EventKind, NewChannel, Severity } from '../../api/schema'
import { useSites } from '../../api/session'
import { EVENT_KINDS, eventKind, sentence } from '../../logic/word'

type Kind = Channel['kind']
type Target =
  | Pick<Extract<NewChannel, { kind: 'email' }>, 'kind' | 'config'>
  | Pick<Extract<NewChannel, { kind: 'syslog' }>, 'kind' | 'config'>
  | Pick<Extract<NewChannel, { kind: 'webhook' }>, 'kind' | 'config'>
/** What is written in the fields of all kinds. */
interface Written {
  url: string
  to: string
  from: string
  host: string
  port: number
  user: string
  security: 'tls' | 'starttls' | 'none'
  carrier: 'udp' | 'tcp'
}
const TEXTS: Record<Kind, [keyof Written, string, string][]> = {
  webhook: [['url', 'Address', 'https://alerts.hospital.example/medward']],
  email: [
    ['to', 'To', 'oncall@hospital.example, second@hospital.example'],
    ['from', 'From', 'medward@hospital.example'],
    ['user', 'User at the mail server', ''],
    ['host', 'Mail server', 'smtp.hospital.example'],
  ],
  syslog: [['host', 'Server', 'siem.hospital.example']],
}
const PORT: Record<Kind, number> = { webhook: 443, email: 465, syslog: 514 }
const SECRET: Record<Kind, string> = {
  webhook: 'Key to sign messages with',
  email: 'Password at the mail server',
  syslog: '',
}

function written(channel: Channel | undefined): Written {
  const start: Written = {
    url: '',
    to: '',
    from: '',
    host: '',
    port: PORT[channel?.kind ?? 'email'],
    user: '',
    security: 'tls',
    carrier: 'udp',
  }
  if (!channel) return start
  return channel.kind === 'email'
    ? { ...start, ...channel.config, to: channel.config.to.join(', ') }
    : { ...start, ...channel.config }
}

/** Where it is to lead, as the API takes it; nothing where something is missing. */
function target(kind: Kind, of: Written): Target | undefined {
  const [url, from, host, user] = [of.url.trim(), of.from.trim(), of.host.trim(), of.user.trim()]
  if (kind === 'webhook') return url ? { kind, config: { url } } : undefined
  if (!host || !of.port) return undefined
  if (kind === 'syslog') return { kind, config: { host, port: of.port, carrier: of.carrier } }
  const to = of.to.split(/[,;\s]+/).filter(Boolean)
  return to.length && from
    ? { kind, config: { host, port: of.port, security: of.security, user, from, to } }
    : undefined
}

export function ChannelForm({ channel, close }: { channel?: Channel; close: () => void }) {
  const known = useSites()
  const [kind, setKind] = useState<Kind>(channel?.kind ?? 'email')
  const [name, setName] = useState(channel?.name ?? '')
  const [enabled, setEnabled] = useState(channel?.enabled ?? true)
  const [threshold, setThreshold] = useState<Severity>(channel?.threshold ?? 'high')
  const [kinds, setKinds] = useState<string[]>(channel?.kinds ?? [])
  const [sites, setSites] = useState(channel?.sites ?? [])
  const [config, setConfig] = useState(() => written(channel))
  const [secret, setSecret] = useState('')
  const leads = target(kind, config)
  const write = (part: Partial<Written>) => setConfig((old) => ({ ...old, ...part }))
  const rest = {
    name: name.trim(),
    enabled,
    threshold,
    kinds: kinds as EventKind[],
    sites: sites.length ? sites : null,
    ...(secret ? { secret } : {}),
  }
  const save = useChange({
    act: () => {
      const body = { ...rest, ...leads }
      return channel ? put(`/channels/${encodeURIComponent(channel.id)}`, body) : post('/channels', body)
    },
    touches: ['channels'],
    done: 'Saved. Send a test to be sure.',
    after: close,
  })
  const ready = Boolean(rest.name && leads)
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
          onChange={(value) => {
            if (!value) return
            setKind(value as Kind)
            write({ port: PORT[value as Kind] })
          }}
        />
        <TextInput label="Name" maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        {TEXTS[kind].map(([key, label, example]) => (
          <TextInput
            key={key}
            label={label}
            placeholder={example}
            value={config[key]}
            onChange={(event) => write({ [key]: event.currentTarget.value })}
          />
        ))}
        {kind !== 'webhook' && (
          <Group grow align="flex-end">
            <NumberInput
              label="Port"
              min={1}
              max={65535}
              allowDecimal={false}
              value={config.port}
              onChange={(port) => write({ port: Number(port) || 0 })}
            />
            {kind === 'email' ? (
              <Select
                label="Encryption"
                data={[
                  { value: 'tls', label: 'TLS' },
                  { value: 'starttls', label: 'STARTTLS' },
                  { value: 'none', label: 'None' },
                ]}
                value={config.security}
                onChange={(security) => security && write({ security: security as Written['security'] })}
              />
            ) : (
              <Select
                label="Carried by"
                data={[
                  { value: 'udp', label: 'UDP' },
                  { value: 'tcp', label: 'TCP' },
                ]}
                value={config.carrier}
                onChange={(carrier) => carrier && write({ carrier: carrier as Written['carrier'] })}
              />
            )}
          </Group>
        )}
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
