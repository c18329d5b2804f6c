// Single sign-on: the provider of identities, and who of its people may do what.
import {
  ActionIcon,
  Button,
  Fieldset,
  Group,
  MultiSelect,
  PasswordInput,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { useChange } from '../../api/change'
import { get, post, put } from '../../api/client'
import type { Role, RoleRule, SingleSignOn as Setting } from '../../api/schema'
import { useSites } from '../../api/session'
import { ROLE_NAMES, role, roleMeaning } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Secret } from '../../part/Secret'
import { Loaded } from '../../part/State'

export default function SingleSignOn() {
  const setting = useQuery({
    queryKey: ['settings', 'oidc'],
    queryFn: ({ signal }) => get<Setting>('/settings/oidc', undefined, signal),
  })
  return (
    <Stack gap="md" maw={760}>
      <Loaded of={setting}>{(data) => <Form key={JSON.stringify(data)} now={data} />}</Loaded>
    </Stack>
  )
}

type Row = RoleRule & { key: number }

function Form({ now }: { now: Setting }) {
  const next = useRef(now.rules.length)
  const [enabled, setEnabled] = useState(now.enabled)
  const [label, setLabel] = useState(now.label)
  const [issuer, setIssuer] = useState(now.issuer)
  const [client, setClient] = useState(now.client_id)
  const [secret, setSecret] = useState('')
  const [bare, setBare] = useState(false)
  const [rules, setRules] = useState<Row[]>(now.rules.map((rule, key) => ({ ...rule, key })))
  const secure = issuer.trim() === '' || /^https:\/\/[^\s/]+/.test(issuer.trim())
  const whole = Boolean(label.trim() && issuer.trim() && client.trim() && rules.every((r) => r.claim.trim() && r.value))
  const ready = secure && (whole || !enabled)
  const moved = now.has_secret && issuer.trim() !== now.issuer
  const save = useChange({
    act: () =>
      put('/settings/oidc', {
        enabled,
        label: label.trim(),
        issuer: issuer.trim(),
        client_id: client.trim(),
        // Absent: the one before stays.
        ...(bare ? { secret: '' } : secret ? { secret } : {}),
        rules: rules.map(({ claim, value, role, sites }) => ({ claim: claim.trim(), value, role, sites })),
      }),
    touches: ['settings', 'session'],
    done: 'Saved.',
  })
  const test = useChange({
    act: () => post<{ authorization_endpoint: string }>('/settings/oidc/test'),
    touches: [],
    done: (answer) => `The provider answers: people will sign in at ${new URL(answer.authorization_endpoint).host}.`,
  })
  const change = (at: number, rule: Partial<RoleRule>) =>
    setRules((all) => all.map((one, place) => (place === at ? { ...one, ...rule } : one)))
  const move = (at: number, by: number) =>
    setRules((all) => {
      const rest = all.filter((_, place) => place !== at)
      return [...rest.slice(0, at + by), ...all.slice(at, at + 1), ...rest.slice(at + by)]
    })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (ready) save.mutate()
      }}
    >
      <Stack gap="md">
        <Card title="Single sign-on" note="People sign in with the account of the hospital (OpenID Connect)">
          <Stack gap="sm">
            <Switch
              label="Let people sign in this way"
              checked={enabled}
              onChange={(event) => setEnabled(event.currentTarget.checked)}
            />
            <TextInput
              label="What the button says"
              placeholder="Sign in with your hospital account"
              maxLength={60}
              value={label}
              onChange={(event) => setLabel(event.currentTarget.value)}
            />
            <TextInput
              label="Address of the provider (issuer)"
              placeholder="https://login.hospital.example/realms/staff"
              type="url"
              maxLength={500}
              value={issuer}
              error={secure ? undefined : 'It begins with https://'}
              onChange={(event) => setIssuer(event.currentTarget.value)}
            />
            <TextInput
              label="Client ID"
              description="As the provider has it for Medward"
              maxLength={300}
              value={client}
              onChange={(event) => setClient(event.currentTarget.value)}
            />
            <PasswordInput
              label="Client secret"
              description={
                now.has_secret && !moved
                  ? 'Empty: stays as it is. It is kept encrypted and never shown.'
                  : moved
                    ? 'A secret belongs to the provider it was entered for: enter the one of the new provider.'
                    : 'Kept encrypted, never shown again. Empty for a public client.'
              }
              autoComplete="new-password"
              maxLength={1000}
              disabled={bare}
              value={secret}
              visibilityToggleButtonProps={{ 'aria-label': 'Show it', tabIndex: 0 }}
              onChange={(event) => setSecret(event.currentTarget.value)}
            />
            {now.has_secret && !moved && (
              <Switch
                label="Forget the secret (a public client has none)"
                checked={bare}
                onChange={(event) => {
                  setBare(event.currentTarget.checked)
                  setSecret('')
                }}
              />
            )}
            <div>
              <Text size="sm" fw={500} mb={4}>
                Register this address at the provider
              </Text>
              <Secret value={now.redirect_url} label="Redirect address" />
            </div>
          </Stack>
        </Card>
        <Card
          title="Who may do what"
          note="The first rule that fits counts; whom none fits may not come in"
          actions={
            <Button
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              disabled={rules.length >= 100}
              onClick={() => {
                const key = next.current++
                setRules((all) => [...all, { key, claim: 'groups', value: '', role: 'viewer', sites: null }])
              }}
            >
              Add a rule
            </Button>
          }
        >
          <Stack gap="md">
            {rules.length === 0 && (
              <Text size="sm" c={enabled ? 'var(--high)' : 'dimmed'} role={enabled ? 'status' : undefined}>
                There is no rule, so nobody may come in by single sign-on.
              </Text>
            )}
            {rules.map((rule, at) => (
              <Rule
                key={rule.key}
                rule={rule}
                number={at + 1}
                last={at === rules.length - 1}
                change={(part) => change(at, part)}
                move={(by) => move(at, by)}
                drop={() => setRules((all) => all.filter((one) => one.key !== rule.key))}
              />
            ))}
          </Stack>
        </Card>
        <Group justify="flex-end">
          <Button variant="default" disabled={!now.issuer} loading={test.isPending} onClick={() => test.mutate()}>
            Test what is saved
          </Button>
          <Button type="submit" disabled={!ready} loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

interface RuleProps {
  rule: RoleRule
  number: number
  last: boolean
  change: (rule: Partial<RoleRule>) => void
  move: (by: number) => void
  drop: () => void
}

function Rule({ rule, number, last, change, move, drop }: RuleProps) {
  const known = useSites()
  return (
    <Fieldset legend={`Rule ${number}`} p="sm">
      <Group grow align="flex-start" preventGrowOverflow={false}>
        <TextInput
          label="If the claim"
          miw={140}
          maxLength={100}
          value={rule.claim}
          onChange={(event) => change({ claim: event.currentTarget.value })}
        />
        <TextInput
          label="is or contains"
          placeholder="medward-admins"
          miw={180}
          maxLength={300}
          value={rule.value}
          onChange={(event) => change({ value: event.currentTarget.value })}
        />
      </Group>
      <Group grow align="flex-start" preventGrowOverflow={false} mt="sm">
        <Select
          label="then the person is"
          description={roleMeaning(rule.role)}
          miw={180}
          data={ROLE_NAMES.map((value) => ({ value, label: role(value) }))}
          value={rule.role}
          onChange={(value) => value && change({ role: value as Role })}
        />
        <MultiSelect
          label="at these sites"
          description="None chosen: all sites"
          miw={180}
          data={[...new Set([...known, ...(rule.sites ?? [])])]}
          value={rule.sites ?? []}
          onChange={(sites) => change({ sites: sites.length ? sites : null })}
        />
      </Group>
      <Group justify="flex-end" gap={6} mt="sm">
        <ActionIcon
          variant="default"
          aria-label={`Rule ${number} earlier`}
          disabled={number === 1}
          onClick={() => move(-1)}
        >
          <IconArrowUp size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="default" aria-label={`Rule ${number} later`} disabled={last} onClick={() => move(1)}>
          <IconArrowDown size={16} aria-hidden />
        </ActionIcon>
        <ActionIcon variant="default" aria-label={`Remove rule ${number}`} onClick={drop}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Group>
    </Fieldset>
  )
}
