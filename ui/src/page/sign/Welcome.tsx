// The last step of a first run: what this network is called, and where to go next.
import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { put } from '../../api/client'
import { Gate } from './Gate'

export function Welcome({ done }: { done: () => void }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const save = useMutation({
    mutationFn: () =>
      put('/settings/general', {
        network_name: name.trim(),
        time_zone_hint: Intl.DateTimeFormat().resolvedOptions().timeZone,
      }),
    onSuccess: async () => {
      await client.invalidateQueries()
      done()
      void navigate({ to: '/' })
    },
  })
  return (
    <Gate
      title="Name your network"
      sub="It stands in reports and alerts, so that people know which hospital they are about."
    >
      <form
        onSubmit={(event: FormEvent) => {
          event.preventDefault()
          if (name.trim()) save.mutate()
        }}
      >
        <Stack gap="sm">
          {save.error && (
            <Alert color="red" variant="light" role="alert" c="var(--ink)">
              {save.error.message}
            </Alert>
          )}
          <TextInput
            label="Name of the hospital or network"
            placeholder="St. Anna Hospital"
            size="md"
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Text size="sm" c="dimmed">
            Devices appear by themselves as they speak. To watch another site, invite a sensor on the page Sensors; to
            let colleagues in, add them in Settings.
          </Text>
          <Group grow>
            <Button variant="default" onClick={done}>
              Later
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
              Begin
            </Button>
          </Group>
        </Stack>
      </form>
    </Gate>
  )
}
