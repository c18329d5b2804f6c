// What kinds of devices there are, as bars that lead to them.
import { Box, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { count } from '../../logic/amount'
import { term } from '../../logic/query'
import { category } from '../../logic/word'
import { Card } from '../../part/Layout'

export function Categories({ items }: { items: { value: string; count: number }[] }) {
  const top = Math.max(1, ...items.map((item) => item.count))
  return (
    <Card title="Kinds of devices">
      {items.length === 0 && (
        <Text c="dimmed" size="sm">
          No kind is known yet.
        </Text>
      )}
      <Stack gap={1} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
        {items.slice(0, 12).map((item) => (
          <li key={item.value}>
            <Link
              to="/devices"
              search={{ q: item.value ? term('category', item.value) : '-has:category' }}
              className="bar-link"
            >
              <Text size="sm" className="cut" component="span">
                {category(item.value)}
              </Text>
              <Box h={8} style={{ borderRadius: 4, background: 'var(--heat-0)' }} aria-hidden>
                <Box
                  h={8}
                  w={`${(item.count / top) * 100}%`}
                  style={{ borderRadius: 4, background: 'var(--accent)' }}
                />
              </Box>
              <Text size="sm" ta="right" component="span" fw={550}>
                {count(item.count)}
              </Text>
            </Link>
          </li>
        ))}
      </Stack>
    </Card>
  )
}
