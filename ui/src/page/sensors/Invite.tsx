// Inviting a sensor: a name and a site in, a command to copy out.
import { Alert, Button, Code, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post } from '../../api/client'

interface Invitation {
  token: string
  command: string
}

export function Invite({ opened, close }: { opened: boolean; close: () => void }) {
  const [site, setSite] = useState('')
  const [name, setName] = useState('')
  const invite = useChange<void, Invitation>({
    act: () => post<Invitation>('/sensors/invite', { site: site.trim(), name: name.trim() }),
    touches: ['sensors'],
  })
  const leave = () => {
    invite.reset()
    close()
  }
  return (
    <Modal
      opened={opened}
      onClose={leave}
      title="Invite a sensor"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {invite.data ? (
        <Stack gap="sm">
          <Text size="sm">Run this on the sensor's machine. It is good once, for a day, and is not shown again.</Text>
          <Code block tabIndex={0} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            {invite.data.command}
          </Code>
          <Group justify="flex-end">
            <CopyButton value={invite.data.command}>
              {({ copied, copy }) => (
                <Button
                  variant="default"
                  onClick={copy}
                  leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                >
                  {copied ? 'Copied' : 'Copy'}
                </Button>
              )}
            </CopyButton>
            <Button onClick={leave}>Done</Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event: FormEvent) => {
            event.preventDefault()
            invite.mutate()
          }}
        >
          <Stack gap="sm">
            {invite.error && <Alert color="red" role="alert" c="var(--ink)" title={invite.error.message} />}
            <TextInput
              label="Site"
              description="What it can report for, and nothing else"
              required
              value={site}
              onChange={(event) => setSite(event.currentTarget.value)}
            />
            <TextInput
              label="Name of the sensor"
              description="Where it stands: 3-west, mri-suite"
              required
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={invite.isPending} disabled={!site.trim() || !name.trim()}>
                Make an invitation
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
