// A device's name that leads to it, and the little facts beside it.
import { Badge, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { category } from '../logic/word'

export function DeviceLink({ id, name }: { id: string; name?: string | null }) {
  return (
    <Link to="/devices/$id" params={{ id }} className="device-link">
      {name || id}
    </Link>
  )
}

export function DeviceLine({
  id,
  name,
  kind,
  site,
}: {
  id: string
  name?: string
  kind?: string | null
  site?: string
}) {
  return (
    <Group gap={8} wrap="nowrap" miw={0}>
      <span className="cut">
        <DeviceLink id={id} name={name} />
      </span>
      <Text size="xs" c="dimmed" className="cut" component="span">
        {[kind ? category(kind) : '', site].filter(Boolean).join(' · ')}
      </Text>
    </Group>
  )
}

export function Tag({ children }: { children: string }) {
  return (
    <Badge variant="default" size="sm" tt="none" fw={500} radius="sm">
      {children}
    </Badge>
  )
}
