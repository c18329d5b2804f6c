// A week by hour: 7 rows of 24, the darker the busier, with the same in words for screen readers.

import { Box, Group, Text } from '@mantine/core'
import { localWeek, viewerOffset, WEEKDAYS } from '../logic/time'
import { useNow } from './Moment'
import { Scroll } from './Scroll'

const HOURS = [0, 6, 12, 18]

export function WeekHeat({ week, unit = 'device-hours', cell = 16 }: { week: number[]; unit?: string; cell?: number }) {
  const local = localWeek(week, viewerOffset(useNow()))
  const top = Math.max(1, ...local)
  const width = 24 * cell
  const busiest = local.indexOf(Math.max(...local))
  const words =
    Math.max(...local) === 0
      ? 'No use in this time.'
      : `Busiest on ${WEEKDAYS[Math.floor(busiest / 24)]} at ${busiest % 24}:00; quietest hours are pale.`
  return (
    <Scroll label="Use by hour of the week">
      <svg
        viewBox={`0 0 ${width + 40} ${7 * cell + 18}`}
        width="100%"
        style={{ minWidth: 420, maxWidth: width * 1.45 }}
        role="img"
        aria-label={`Use by hour of the week, in your time zone. ${words}`}
      >
        {WEEKDAYS.map((name, row) => (
          <text key={name} x={0} y={row * cell + cell * 0.72} fontSize={8.5} fill="var(--ink-soft)">
            {name.slice(0, 3)}
          </text>
        ))}
        {local.map((value, hour) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour of the week is its place
            key={hour}
            x={38 + (hour % 24) * cell}
            y={Math.floor(hour / 24) * cell}
            width={cell - 2}
            height={cell - 2}
            rx={3}
            fill={`color-mix(in srgb, var(--heat-1) ${Math.round((value / top) * 100)}%, var(--heat-0))`}
          >
            <title>{`${WEEKDAYS[Math.floor(hour / 24)]} ${hour % 24}:00: ${value} ${unit}`}</title>
          </rect>
        ))}
        {HOURS.map((hour) => (
          <text key={hour} x={38 + hour * cell} y={7 * cell + 13} fontSize={8.5} fill="var(--ink-soft)">
            {String(hour).padStart(2, '0')}:00
          </text>
        ))}
      </svg>
    </Scroll>
  )
}

export function WeekLegend() {
  return (
    <Group gap={6} align="center">
      <Text size="xs" c="dimmed">
        idle
      </Text>
      <Box
        w={80}
        h={8}
        style={{ borderRadius: 4, background: 'linear-gradient(90deg, var(--heat-0), var(--heat-1))' }}
        aria-hidden
      />
      <Text size="xs" c="dimmed">
        busy · in your time zone
      </Text>
    </Group>
  )
}

/** A week as 24 little columns or 168 in a line: for a row of a table. */
export function WeekLine({ week, label }: { week: number[]; label: string }) {
  const local = localWeek(week, viewerOffset(useNow()))
  const top = Math.max(1, ...local)
  return (
    <svg viewBox="0 0 168 22" width={168} height={22} role="img" aria-label={label} preserveAspectRatio="none">
      {local.map((value, hour) =>
        value > 0 ? (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: an hour of the week is its place
            key={hour}
            x={hour}
            width={1}
            y={22 - (value / top) * 21}
            height={(value / top) * 21}
            fill="var(--heat-1)"
          />
        ) : null,
      )}
      <line x1={0} x2={168} y1={21.5} y2={21.5} stroke="var(--line-strong)" />
    </svg>
  )
}
