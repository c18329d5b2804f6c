// An event in a line: how grave, what, where, when, and the before and after.
import { Box, Group, Text } from '@mantine/core'
import { IconArrowNarrowRight } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Event } from '../api/schema'
import { eventKind } from '../logic/word'
import { Mark, severityIcon } from './Mark'
import { Moment } from './Moment'

export function EventLine({ event, device = true, fresh }: { event: Event; device?: boolean; fresh?: boolean }) {
  const { before, after } = event.details ?? {}
  return (
    <Group
      component="li"
      wrap="nowrap"
      align="flex-start"
      gap="sm"
      px="md"
      py={9}
      style={{ borderTop: '1px solid var(--line)', background: fresh ? 'var(--accent-soft)' : undefined }}
    >
      <Box pt={2}>
        <Mark tone={event.severity} icon={severityIcon(event.severity)}>
          <span className="hidden">{event.severity}</span>
        </Mark>
      </Box>
      <Box flex={1} miw={0}>
        <Text size="sm" fw={500} component="div" style={{ overflowWrap: 'anywhere' }}>
          {device && event.device ? (
            <Link to="/devices/$id" params={{ id: event.device }} className="plain-link">
              {event.title}
            </Link>
          ) : (
            event.title
          )}
        </Text>
        {(before || after) && (
          <Group gap={5} wrap="wrap" className="mono">
            {before && (
              <Text size="xs" c="dimmed" td="line-through" span>
                <span className="hidden">before: </span>
                {before}
              </Text>
            )}
            {before && after && <IconArrowNarrowRight size={14} aria-hidden color="var(--ink-soft)" />}
            {after && (
              <Text size="xs" span>
                <span className="hidden">now: </span>
                {after}
              </Text>
            )}
          </Group>
        )}
        <Text size="xs" c="dimmed" component="div">
          {eventKind(event.kind)} · {event.site}
        </Text>
      </Box>
      <Text size="xs" c="dimmed" component="div" style={{ flex: 'none' }}>
        <Moment at={event.at} />
      </Text>
    </Group>
  )
}

export function EventList({ events, device, freshAbove }: { events: Event[]; device?: boolean; freshAbove?: number }) {
  return (
    <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {events.map((event) => (
        <EventLine
          key={event.number}
          event={event}
          device={device}
          fresh={freshAbove !== undefined && event.number > freshAbove}
        />
      ))}
    </Box>
  )
}
