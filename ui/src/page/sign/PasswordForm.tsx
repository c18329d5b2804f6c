// Choosing a new password: used on first sign-in and in the account's settings.
import { Alert, Button, PasswordInput, Stack, Text } from '@mantine/core'
import { IconAlertCircle } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Problem, post } from '../../api/client'

export const SHORTEST = 12

export function PasswordForm({ done, oldLabel = 'Your password now' }: { done: () => void; oldLabel?: string }) {
  const client = useQueryClient()
  const [old, setOld] = useState('')
  const [fresh, setFresh] = useState('')
  const [again, setAgain] = useState('')
  const change = useMutation({
    mutationFn: () => post('/session/password', { old, new: fresh }),
    onSuccess: async () => {
      setOld('')
      setFresh('')
      setAgain('')
      await client.invalidateQueries({ queryKey: ['session'] })
      done()
    },
  })
  const short = fresh.length > 0 && fresh.length < SHORTEST
  const differs = again.length > 0 && again !== fresh
  const ready = old && fresh.length >= SHORTEST && again === fresh
  const eye = { visibilityToggleButtonProps: { 'aria-label': 'Show the password', tabIndex: 0 } }
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (ready) change.mutate()
      }}
    >
      <Stack gap="sm">
        {change.error && (
          <Alert
            color="red"
            variant="light"
            role="alert"
            icon={<IconAlertCircle size={18} aria-hidden />}
            title={change.error.message}
            c="var(--ink)"
          >
            {change.error instanceof Problem ? change.error.advice : ''}
          </Alert>
        )}
        <PasswordInput
          {...eye}
          label={oldLabel}
          autoComplete="current-password"
          value={old}
          onChange={(e) => setOld(e.currentTarget.value)}
        />
        <PasswordInput
          {...eye}
          label="New password"
          description={`At least ${SHORTEST} characters. A few words that belong together only for you are best.`}
          autoComplete="new-password"
          value={fresh}
          error={short ? `${SHORTEST - fresh.length} more characters` : undefined}
          onChange={(e) => setFresh(e.currentTarget.value)}
        />
        <PasswordInput
          {...eye}
          label="The new password again"
          autoComplete="new-password"
          value={again}
          error={differs ? 'Not the same' : undefined}
          onChange={(e) => setAgain(e.currentTarget.value)}
        />
        <Button type="submit" disabled={!ready} loading={change.isPending}>
          Set the password
        </Button>
        <Text size="xs" c="dimmed">
          Other places where you are signed in are signed out.
        </Text>
      </Stack>
    </form>
  )
}
