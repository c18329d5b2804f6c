// A person decides that several records are one device. It stays decided, and can be taken back.
import { Button, Stack, Text, TextInput } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post } from '../../api/client'

export function Merge({ ids, close }: { ids: string[]; close: () => void }) {
  const [reason, setReason] = useState('')
  const navigate = useNavigate()
  const merge = useChange({
    act: () => post<{ id?: string } | undefined>('/devices/merge', { ids, reason: reason.trim() }),
    touches: ['devices', 'device', 'decisions'],
    done: 'They are one device from now on.',
    after: (answer) => {
      close()
      const id = answer?.id ?? ids[0]
      if (id) void navigate({ to: '/devices/$id', params: { id } })
    },
  })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (reason.trim()) merge.mutate()
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          The {ids.length} chosen records become one device: its addresses, history, conversations and notes come
          together. The decision is kept and can be taken back in Settings, Identities.
        </Text>
        <TextInput
          label="Why"
          description="For colleagues who ask later"
          data-autofocus
          maxLength={300}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!reason.trim()} loading={merge.isPending}>
          Merge
        </Button>
      </Stack>
    </form>
  )
}
