// The head of a page, and the cards on it.
import { Box, Group, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import type { ReactNode } from 'react'

export function Sheet({
  title,
  sub,
  actions,
  children,
  wide,
}: {
  title: string
  sub?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** Uses the whole width and height (tables, the map). */
  wide?: boolean
}) {
  useDocumentTitle(`${title} · Medward`)
  return (
    <Stack gap="md" maw={wide ? undefined : 1360} mx="auto" className={wide ? 'sheet-wide' : undefined}>
      <Group justify="space-between" align="flex-end" gap="sm">
        <Box miw={0}>
          <Title order={1}>{title}</Title>
          {sub && (
            <Text c="dimmed" size="sm" component="div" mt={2}>
              {sub}
            </Text>
          )}
        </Box>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  )
}

export function Card({
  title,
  actions,
  children,
  flush,
  note,
  id,
}: {
  title?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** The content reaches the edges (lists, tables). */
  flush?: boolean
  note?: ReactNode
  id?: string
}) {
  return (
    <Box component="section" className="card" id={id} miw={0}>
      {title && (
        <Group justify="space-between" px="md" pt="sm" pb={flush ? 8 : 0} gap="xs">
          <Box flex="1 1 180px" miw={0}>
            <Title order={2}>{title}</Title>
            {note && (
              <Text c="dimmed" size="xs" component="div">
                {note}
              </Text>
            )}
          </Box>
          {actions && <Box flex="none">{actions}</Box>}
        </Group>
      )}
      <Box p={flush ? 0 : 'md'} pt={flush || !title ? undefined : 'sm'}>
        {children}
      </Box>
    </Box>
  )
}

export function Figure({ label, value, sub }: { label: string; value: ReactNode; sub?: ReactNode }) {
  return (
    <Stack gap={1}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text fz={19} fw={620} lh={1.25} component="div">
        {value}
      </Text>
      {sub && (
        <Text size="xs" c="dimmed" component="div">
          {sub}
        </Text>
      )}
    </Stack>
  )
}
