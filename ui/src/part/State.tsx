// What a page shows when it has nothing to show yet, nothing at all, or may not show it.
import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconCloudOff, IconLock, IconMoodEmpty, IconRefresh } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Problem } from '../api/client'
import type { Permission } from '../api/schema'
import { useMay, useSession } from '../api/session'

function Plate({
  icon,
  title,
  children,
  alert,
}: {
  icon: ReactNode
  title: string
  children?: ReactNode
  alert?: boolean
}) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center" role={alert ? 'alert' : undefined}>
      <Text c="dimmed" component="span" lh={0}>
        {icon}
      </Text>
      <Title order={2} size="h2">
        {title}
      </Title>
      {children}
    </Stack>
  )
}

export function Nothing({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Plate icon={<IconMoodEmpty size={30} stroke={1.4} aria-hidden />} title={title}>
      {children && (
        <Text c="dimmed" size="sm" maw={440}>
          {children}
        </Text>
      )}
      {action}
    </Plate>
  )
}

export function Forbidden({ what = 'this page' }: { what?: string }) {
  const role = useSession().data?.person?.role
  return (
    <Plate icon={<IconLock size={30} stroke={1.4} aria-hidden />} title={`You may not see ${what}`}>
      <Text c="dimmed" size="sm" maw={440}>
        Your role{role ? ` (${role.replace('-', ' ')})` : ''} does not include it. Ask an administrator if you need it.
      </Text>
    </Plate>
  )
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof Problem && error.status === 403) return <Forbidden what="this" />
  const message = error instanceof Error ? error.message : 'Something went wrong.'
  const advice = error instanceof Problem ? error.advice : 'Try again.'
  return (
    <Plate icon={<IconCloudOff size={30} stroke={1.4} aria-hidden />} title={message} alert>
      <Text c="dimmed" size="sm" maw={440}>
        {advice}
      </Text>
      {retry && (
        <Button variant="default" leftSection={<IconRefresh size={16} aria-hidden />} onClick={retry} mt="xs">
          Try again
        </Button>
      )}
    </Plate>
  )
}

export function Loading({ rows = 6, height = 18 }: { rows?: number; height?: number }) {
  return (
    <Stack gap="sm" p="md" role="status">
      <span className="hidden">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <Skeleton key={row} height={height} width={`${92 - ((row * 17) % 40)}%`} />
      ))}
    </Stack>
  )
}

/** Shows the answer, or why there is none yet. Old data stays while new is loaded. */
export function Loaded<T>({
  of,
  children,
  loading,
}: {
  of: UseQueryResult<T>
  children: (data: T) => ReactNode
  loading?: ReactNode
}) {
  if (of.data !== undefined) return children(of.data)
  if (of.isError) return <Failure error={of.error} retry={() => void of.refetch()} />
  return loading ?? <Loading />
}

/** Shows its children to those who may, and says so to those who may not. */
export function Allowed({ to, what, children }: { to: Permission; what?: string; children: ReactNode }) {
  const session = useSession()
  const may = useMay(to)
  if (session.isPending) return <Loading />
  return may ? children : <Forbidden what={what} />
}

/** Shows its children to those who may, and nothing to the others. */
export function IfMay({ to, children }: { to: Permission; children: ReactNode }) {
  return useMay(to) ? children : null
}

export function More({
  query,
}: {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown }
}) {
  if (!query.hasNextPage) return null
  return (
    <Group justify="center" p="sm">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        Show more
      </Button>
    </Group>
  )
}
