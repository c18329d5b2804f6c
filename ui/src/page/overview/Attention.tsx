// What needs a person now, the gravest first; each leads to what is meant.
import { Box, Group, Text } from '@mantine/core'
import { IconChevronRight, IconCircleCheckFilled } from '@tabler/icons-react'
import type { Attention as Item } from '../../api/schema'
import { count } from '../../logic/amount'
import { Card } from '../../part/Layout'
import { Mark, SeverityMark } from '../../part/Mark'
import { PathLink } from '../../part/PathLink'

function target(item: Item): string {
  const path = item.link ?? '/devices'
  if (!item.query || path.includes('?')) return path
  return `${path}?q=${encodeURIComponent(item.query)}`
}

export function Attention({ items }: { items: Item[] }) {
  const open = items.filter((item) => item.count > 0)
  return (
    <Card title="Needs attention now" flush>
      {open.length === 0 ? (
        <Group gap="sm" px="md" pb="md" pt={4}>
          <Mark tone="good" icon={<IconCircleCheckFilled size={20} aria-hidden />}>
            <Text size="md" fw={550}>
              Nothing needs you right now.
            </Text>
          </Mark>
        </Group>
      ) : (
        <Box component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
          {open.map((item) => (
            <Box component="li" key={`${item.kind} ${item.title}`} style={{ borderTop: '1px solid var(--line)' }}>
              <PathLink to={target(item)} className="row-link">
                <Text fz={19} fw={650} w={44} ta="right" style={{ flex: 'none' }} c={`var(--${item.severity})`}>
                  {count(item.count)}
                </Text>
                <Box flex={1} miw={0} className="attention">
                  <Text fw={550} lh={1.35}>
                    {item.title}
                  </Text>
                  <SeverityMark of={item.severity} />
                </Box>
                <IconChevronRight size={18} aria-hidden color="var(--ink-soft)" style={{ flex: 'none' }} />
              </PathLink>
            </Box>
          ))}
        </Box>
      )}
    </Card>
  )
}
