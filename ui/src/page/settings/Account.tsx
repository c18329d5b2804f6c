// One's own account: password, second factor.
import { Alert, Badge, Button, Group, List, Stack, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconCheck } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post, put, remove } from '../../api/client'
import { useSession } from '../../api/session'
import { role, roleMeaning } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Secret } from '../../part/Secret'
import { PasswordForm } from '../sign/PasswordForm'
import { QrCode } from './QrCode'

export default function Account() {
  const person = useSession().data?.person
  if (!person) return null
  return (
    <Stack gap="md" maw={620}>
      <Card title={person.display}>
        <Text size="sm">
          Signs in as <b>{person.name}</b>. {role(person.role)}. {roleMeaning(person.role)} Sees{' '}
          {person.sites ? person.sites.join(', ') : 'all sites'}.
        </Text>
      </Card>
      <SecondFactor on={person.totp} />
      <Card title="Password">
        <PasswordForm done={() => notifications.show({ message: 'The new password is set.' })} />
      </Card>
    </Stack>
  )
}

function SecondFactor({ on }: { on: boolean }) {
  const [code, setCode] = useState('')
  const begin = useChange({ act: () => post<{ secret: string; uri: string }>('/session/totp'), touches: [] })
  const confirm = useChange({
    act: () => put('/session/totp', { code }),
    touches: ['session'],
    done: 'From now on, signing in asks for a code.',
    after: () => begin.reset(),
  })
  const drop = useChange({
    act: () => remove('/session/totp'),
    touches: ['session'],
    done: 'Signing in asks for the password only.',
  })
  return (
    <Card
      title={
        <Group gap="xs">
          Authenticator
          {on && (
            <Badge variant="light" color="accent" tt="none" leftSection={<IconCheck size={12} aria-hidden />}>
              On
            </Badge>
          )}
        </Group>
      }
      note="A code from your telephone, asked for when you sign in. It protects you when somebody learns your password."
    >
      {on ? (
        <Button variant="default" loading={drop.isPending} onClick={() => drop.mutate()}>
          Switch it off
        </Button>
      ) : begin.data ? (
        <form
          onSubmit={(event: FormEvent) => {
            event.preventDefault()
            if (code.length === 6) confirm.mutate()
          }}
        >
          <Group align="flex-start" gap="lg">
            <QrCode text={begin.data.uri} />
            <Stack gap="sm" flex={1} miw={230}>
              <List type="ordered" size="sm" spacing={4}>
                <List.Item>Open your authenticator app and scan the picture.</List.Item>
                <List.Item>Type the six digits that it shows.</List.Item>
              </List>
              <Text size="xs" c="dimmed">
                It cannot scan? Type this key instead:
              </Text>
              <Secret value={begin.data.secret} label="Key" />
              <TextInput
                label="Code"
                inputMode="numeric"
                autoComplete="one-time-code"
                maxLength={6}
                value={code}
                onChange={(event) => setCode(event.currentTarget.value.replace(/\D/g, ''))}
              />
              <Button type="submit" disabled={code.length < 6} loading={confirm.isPending}>
                Switch it on
              </Button>
            </Stack>
          </Group>
        </form>
      ) : (
        <Stack gap="sm" align="flex-start">
          <Alert color="accent" c="var(--ink)" p="sm">
            It is off. We recommend it for everybody, and above all for administrators.
          </Alert>
          <Button loading={begin.isPending} onClick={() => begin.mutate()}>
            Set it up
          </Button>
        </Stack>
      )}
    </Card>
  )
}
