// What can be done with a device: see it on the map, or tell that a part of it is another device.
import { Button, Menu, Modal, Select, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconArrowsSplit2, IconDots, IconTopologyStar3 } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useChange } from '../../api/change'
import { post } from '../../api/client'
import type { DeviceAnswer } from '../../api/schema'
import { useMay } from '../../api/session'

export function Actions({ answer }: { answer: DeviceAnswer }) {
  const [splitting, split] = useDisclosure(false)
  const navigate = useNavigate()
  const may = useMay('device.identity')
  const nodes = nodesOf(answer)
  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <Button variant="default" rightSection={<IconDots size={16} aria-hidden />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<IconTopologyStar3 size={16} aria-hidden />}
            onClick={() => void navigate({ to: '/map', search: { group: 'device', q: `id:${answer.summary.id}` } })}
          >
            Show it on the map
          </Menu.Item>
          {may && (
            <Menu.Item
              leftSection={<IconArrowsSplit2 size={16} aria-hidden />}
              onClick={split.open}
              disabled={nodes.length < 2}
            >
              These are two devices…
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={splitting} onClose={split.close} title="Split off a part">
        <Split answer={answer} nodes={nodes} close={split.close} />
      </Modal>
    </>
  )
}

/** The parts that can be told apart, named as the API names them. */
function nodesOf({ device }: DeviceAnswer): string[] {
  return [...device.macs.map((mac) => `mac ${mac}`), ...device.ips.map((ip) => `ip ${ip}`)]
}

function Split({ answer, nodes, close }: { answer: DeviceAnswer; nodes: string[]; close: () => void }) {
  const [node, setNode] = useState<string | null>(null)
  const [reason, setReason] = useState('')
  const split = useChange({
    act: () => post(`/devices/${encodeURIComponent(answer.summary.id)}/split`, { node, reason: reason.trim() }),
    touches: ['devices', 'device', 'decisions'],
    done: 'From now on they are two devices.',
    after: close,
  })
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (node && reason.trim()) split.mutate()
      }}
    >
      <Stack gap="sm">
        <Text size="sm">
          Choose the address that belongs to another device. What was seen of it goes there. The decision is kept and
          can be taken back in Settings, Identities.
        </Text>
        <Select label="Address of the other device" data={nodes} value={node} onChange={setNode} />
        <TextInput
          label="Why"
          description="For colleagues who ask later"
          maxLength={300}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!node || !reason.trim()} loading={split.isPending}>
          Split off
        </Button>
      </Stack>
    </form>
  )
}
