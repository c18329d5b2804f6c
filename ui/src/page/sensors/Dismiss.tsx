// Taking a sensor's right to report away, after asking once.
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useChange } from '../../api/change'
import { remove } from '../../api/client'

export function Dismiss({ name }: { name: string }) {
  const [asking, ask] = useDisclosure()
  const dismiss = useChange({
    act: () => remove(`/sensors/${encodeURIComponent(name)}`),
    touches: ['sensors'],
    done: `Sensor ${name} may not report any more`,
    after: ask.close,
  })
  return (
    <>
      <Button variant="subtle" size="compact-sm" color="red" onClick={ask.open} aria-label={`Remove sensor ${name}`}>
        Remove
      </Button>
      <Modal opened={asking} onClose={ask.close} title={`Remove ${name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
        <Stack gap="sm">
          <Text size="sm">
            Its certificate is of no more use, and nothing it sends is taken. What it reported stays. To use it again,
            invite it again.
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={ask.close}>
              Keep it
            </Button>
            <Button color="red" loading={dismiss.isPending} onClick={() => dismiss.mutate()}>
              Remove it
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
