// Signing in: name and password, then the code of the authenticator where one is set up, or single sign-on.
import { Alert, Anchor, Button, Divider, PasswordInput, PinInput, Stack, Text, TextInput } from '@mantine/core'
import { IconAlertCircle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Problem, post, setCsrf } from '../../api/client'
import type { Session } from '../../api/schema'
import { Gate } from './Gate'

export function SignIn({ session }: { session: Session }) {
  const client = useQueryClient()
  const [name, setName] = useState(session.setup_needed ? 'admin' : '')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [coding, setCoding] = useState(false)
  const signIn = useMutation({
    mutationFn: (given: string) =>
      post<Session>('/session', { name: name.trim(), password, ...(given ? { code: given } : {}) }),
    onSuccess: (answer) => {
      setCsrf(answer.csrf)
      client.setQueryData(['session'], answer)
      void client.invalidateQueries()
    },
    onError: (error) => {
      setCode('')
      if (error instanceof Problem && error.type.endsWith('code-needed')) setCoding(true)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate(code)
  }
  const asked = signIn.error instanceof Problem && signIn.error.type.endsWith('code-needed')
  const wrong = signIn.error && !asked && !signIn.isPending ? signIn.error : null
  const first = session.setup_needed
  return (
    <Gate
      title={coding ? 'One more step' : first ? 'Welcome to Medward' : 'Sign in'}
      sub={
        coding
          ? 'Type the six digits that your authenticator app shows.'
          : first
            ? 'The monitor printed a name and a one-time password when it started. Sign in with them; you choose your own password next.'
            : undefined
      }
    >
      <form onSubmit={submit}>
        <Stack gap="sm">
          {wrong && (
            <Alert
              color="red"
              variant="light"
              icon={<IconAlertCircle size={18} aria-hidden />}
              role="alert"
              title={wrong.message}
              c="var(--ink)"
            >
              {wrong instanceof Problem ? wrong.advice : 'Try again.'}
            </Alert>
          )}
          {coding ? (
            <PinInput
              length={6}
              type="number"
              oneTimeCode
              autoFocus
              size="lg"
              mx="auto"
              my="xs"
              value={code}
              onChange={setCode}
              onComplete={(given) => signIn.mutate(given)}
              aria-label="Code of your authenticator"
              getInputProps={(index) => ({ 'aria-label': `Digit ${index + 1} of 6` })}
            />
          ) : (
            <>
              <TextInput
                label="Name"
                size="md"
                autoComplete="username"
                required
                withAsterisk={false}
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <PasswordInput
                label={first ? 'One-time password' : 'Password'}
                size="md"
                autoComplete="current-password"
                required
                withAsterisk={false}
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
                visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
              />
            </>
          )}
          <Button type="submit" size="md" loading={signIn.isPending} disabled={coding && code.length < 6}>
            Sign in
          </Button>
          {coding && (
            <Anchor component="button" type="button" size="sm" onClick={() => setCoding(false)}>
              Sign in as somebody else
            </Anchor>
          )}
          {session.oidc && !coding && (
            <>
              <Divider label="or" labelPosition="center" />
              <Button component="a" href={session.oidc.url} variant="default" size="md">
                {session.oidc.label}
              </Button>
            </>
          )}
          {!coding && (
            <Text size="xs" c="dimmed" ta="center">
              Forgotten it? An administrator can give you a new one-time password.
            </Text>
          )}
        </Stack>
      </form>
    </Gate>
  )
}
