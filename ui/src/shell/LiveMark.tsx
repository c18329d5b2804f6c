// Whether what is shown is live.
import { Box, Group, Text, Tooltip } from '@mantine/core'
import { type Liveness, useLiveness } from '../api/stream'

const WORDS: Record<Liveness, [string, string, string]> = {
  connecting: ['Connecting', 'var(--info)', 'Connecting to the monitor.'],
  live: ['Live', 'var(--good)', 'What you see follows the network as it changes.'],
  lost: [
    'Not live',
    'var(--high)',
    'The connection to the monitor is lost. What you see may be old; it comes back by itself.',
  ],
}

export function LiveMark() {
  const [word, colour, meaning] = WORDS[useLiveness()]
  return (
    <Tooltip label={meaning} multiline maw={260}>
      <Group gap={6} wrap="nowrap" px={6} role="status" aria-label={`${word}: ${meaning}`}>
        <Box w={8} h={8} bg={colour} style={{ borderRadius: 8 }} aria-hidden />
        <Text size="xs" c="dimmed" visibleFrom="sm">
          {word}
        </Text>
      </Group>
    </Tooltip>
  )
}
