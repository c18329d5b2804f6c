// A device in two lines, for narrow screens.
import { Box, Group, Text } from '@mantine/core'
import type { DeviceSummary } from '../../api/schema'
import { category } from '../../logic/word'
import { DeviceLink } from '../../part/DeviceLink'
import { StatusMark } from '../../part/Mark'
import { Moment } from '../../part/Moment'

export function CompactRow({ device }: { device: DeviceSummary }) {
  return (
    <div role="gridcell" style={{ flex: 1, minWidth: 0, padding: '0 12px 0 6px', width: 0 }}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <span className="cut">
          <DeviceLink id={device.id} name={device.name} />
        </span>
        <StatusMark of={device.status} />
      </Group>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="xs" c="dimmed" className="cut">
          {[device.category && category(device.category), device.vendor, device.model, device.site]
            .filter(Boolean)
            .join(' · ')}
        </Text>
        <Box fz="xs" c="dimmed">
          <Moment at={device.last_seen} />
        </Box>
      </Group>
    </div>
  )
}
