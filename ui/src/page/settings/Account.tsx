// One's own account: password, and a code from a phone at sign-in.
import { Alert, Anchor, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { renderSVG } from 'uqr'
import { useChange } from '../../api/change'
import { post, put, remove } from '../../api/client'
import { useSession } from '../../api/session'
import { role, roleMeaning } from '../../logic/word'
import { Card } from '../../part/Layout'
import { PasswordForm } from '../sign/PasswordForm'

export function Account() {
  const person = useSession().data?.person
  if (!person) return null
  return (
    <Stack gap="md" maw={640}>
      <Card title={person.display || person.name} note={`${role(person.role)}: ${roleMeaning(person.role)}`}>
        <Text size="sm">
          You see {person.sites === null || person.sites === undefined ? 'all sites' : person.sites.join(', ')}.
        </Text>
      </Card>
      <Card title="Code from your phone" note="A second proof at sign-in, from any authenticator app">
        <SecondFactor on={person.totp} />
      </Card>
      <Card title="Password">
        <PasswordForm done={() => {}} />
      </Card>
    </Stack>
  )
}

function SecondFactor({ on }: { on: boolean }) {
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const again = () => void client.invalidateQueries({ queryKey: ['session'] })
  const begin = useChange<void, { secret: string; uri: string }>({ act: () => post('/session/totp'), touches: [] })
  const confirm = useChange({
    act: () => put('/session/totp', { code: code.replace(/\s/g, '') }),
    touches: ['session'],
    done: 'From now on a code is asked for',
    after: () => {
      begin.reset()
      setCode('')
      again()
    },
  })
  const end = useChange({
    act: () => remove('/session/totp'),
    touches: ['session'],
    done: 'No code is asked for any more',
  })
  if (on) {
    return (
      <Group justify="space-between">
        <Text size="sm">A code is asked for at sign-in.</Text>
        <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
          Stop asking
        </Button>
      </Group>
    )
  }
  if (!begin.data) {
    return (
      <Group justify="space-between">
        <Text size="sm">Only your password is asked for.</Text>
        <Button loading={begin.isPending} onClick={() => begin.mutate()}>
          Set it up
        </Button>
      </Group>
    )
  }
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        confirm.mutate()
      }}
    >
      <Stack gap="sm">
        <Text size="sm">Scan this with the app, or type the key; then enter the code that the app shows.</Text>
        <div
          role="img"
          aria-label="QR code for the authenticator app"
          style={{ width: 180, background: 'white', padding: 8, borderRadius: 8 }}
          // biome-ignore lint/security/noDangerouslySetInnerHtml: drawn here from text, by a library that writes rectangles only
          dangerouslySetInnerHTML={{ __html: renderSVG(begin.data.uri) }}
        />
        <Text size="sm" className="mono" style={{ overflowWrap: 'anywhere' }}>
          {begin.data.secret}
        </Text>
        {confirm.error && <Alert color="red" role="alert" c="var(--ink)" title={confirm.error.message} />}
        <TextInput
          label="Code"
          inputMode="numeric"
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          w={160}
        />
        <Group>
          <Button type="submit" loading={confirm.isPending} disabled={code.replace(/\s/g, '').length !== 6}>
            Confirm
          </Button>
          <Anchor component="button" type="button" size="sm" onClick={() => begin.reset()}>
            Not now
          </Anchor>
        </Group>
      </Stack>
    </form>
  )
}
