// Inviting a sensor: its site and name, then the command to run on its machine, shown once.
import { Autocomplete, Button, Modal, Stack, Text, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post } from '../../api/client'
import { Secret } from '../../part/Secret'

export function Invite({ opened, close, sites }: { opened: boolean; close: () => void; sites: string[] }) {
  return (
    <Modal opened={opened} onClose={close} title="Invite a sensor" size="lg">
      {opened && <Form sites={sites} close={close} />}
    </Modal>
  )
}

function Form({ sites, close }: { sites: string[]; close: () => void }) {
  const [site, setSite] = useState(sites[0] ?? '')
  const [name, setName] = useState('')
  const invite = useChange({
    act: () => post<{ token: string; command: string }>('/sensors/invite', { site: site.trim(), name: name.trim() }),
    touches: ['sensors', 'invitations'],
  })
  if (invite.data) {
    return (
      <Stack gap="sm">
        <Text size="sm">
          Run this on the machine of the sensor. It holds a secret and is shown only now; it works once.
        </Text>
        <Secret value={invite.data.command} label="Command" />
        <Text size="sm" c="dimmed">
          The sensor appears here within a minute of its start.
        </Text>
        <Button onClick={close}>Done</Button>
      </Stack>
    )
  }
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (site.trim() && name.trim()) invite.mutate()
      }}
    >
      <Stack gap="sm">
        <Autocomplete
          label="Site"
          description="One that exists, or a new one"
          data={sites}
          value={site}
          onChange={setSite}
        />
        <TextInput
          label="Name"
          description="Letters, digits and hyphens"
          placeholder="main-radiology"
          maxLength={63}
          value={name}
          error={name && !/^[\w.-]+$/.test(name) ? 'Only letters, digits, hyphens, dots' : undefined}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" loading={invite.isPending} disabled={!site.trim() || !/^[\w.-]+$/.test(name)}>
          Invite
        </Button>
      </Stack>
    </form>
  )
}
