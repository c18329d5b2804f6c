// All devices: search, facets, saved views, and the table.
import { Box, Button, Drawer, Group, Text } from '@mantine/core'
import { useDisclosure, useLocalStorage, useMediaQuery } from '@mantine/hooks'
import { IconFilter } from '@tabler/icons-react'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useRef, useState } from 'react'
import { get, Problem } from '../../api/client'
import type { DeviceSummary, Page } from '../../api/schema'
import { useMay } from '../../api/session'
import { count, many } from '../../logic/amount'
import { Sheet } from '../../part/Layout'
import { SearchBox } from '../../part/SearchBox'
import { Allowed, Failure, Loading, Nothing } from '../../part/State'
import { Bulk } from './Bulk'
import { columnsOf, PRESET } from './columns'
import { DeviceGrid } from './DeviceGrid'
import { Facets } from './Facets'
import { ColumnChooser, Export } from './Tools'
import { Views } from './Views'

export function Devices() {
  return (
    <Allowed to="device.read" what="devices">
      <DeviceList />
    </Allowed>
  )
}

function DeviceList() {
  const { q = '', sort = '-last_seen', columns } = useSearch({ from: '/devices' })
  const navigate = useNavigate({ from: '/devices' })
  const [own, setOwn] = useLocalStorage<string[]>({
    key: 'medward-columns',
    defaultValue: PRESET,
    getInitialValueInEffect: false,
  })
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [all, setAll] = useState(false)
  const [filtering, filter] = useDisclosure(false)
  const narrow = useMediaQuery('(max-width: 1100px)', false, { getInitialValueInEffect: false })
  const compact = useMediaQuery('(max-width: 700px)', false, { getInitialValueInEffect: false })
  const grid = useRef<HTMLDivElement>(null)
  const mayChange = useMay('device.annotate')
  const wanted = columns ? columns.split(',') : own

  const list = useInfiniteQuery({
    queryKey: ['devices', 'list', q, sort],
    queryFn: ({ pageParam, signal }) =>
      get<Page<DeviceSummary>>('/devices', { q, sort, limit: 200, cursor: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    retry: 1,
  })
  const devices = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data])
  const total = list.data?.pages[0]?.total ?? devices.length
  const { fetchNextPage, isFetchingNextPage } = list
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage()
  }, [fetchNextPage, isFetchingNextPage])

  const search = (next: string) => {
    setChosen(new Set())
    setAll(false)
    void navigate({ search: (old) => ({ ...old, q: next || undefined }), replace: true })
    grid.current?.scrollTo({ top: 0 })
  }
  const choose = (id: string) => {
    setAll(false)
    setChosen((old) => {
      const next = new Set(old)
      if (!next.delete(id)) next.add(id)
      return next
    })
  }
  const misread = list.error instanceof Problem && list.error.status === 400 ? list.error.message : undefined
  const facets = <Facets q={q} onChange={search} />
  return (
    <Sheet
      wide
      title="Devices"
      sub={list.data ? `${many(total, 'device')}${q ? ' found' : ''}` : ' '}
      actions={
        <>
          <Views
            now={{ q, sort, columns: wanted }}
            onOpen={(view) =>
              navigate({
                search: {
                  q: view.q || undefined,
                  sort: view.sort || undefined,
                  columns: view.columns.join(',') || undefined,
                },
              })
            }
          />
          <ColumnChooser
            chosen={wanted}
            onChange={(next) => {
              setOwn(next)
              void navigate({ search: (old) => ({ ...old, columns: undefined }), replace: true })
            }}
          />
          <Export q={q} />
        </>
      }
    >
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <Box flex={1} miw={0}>
          <SearchBox value={q} onSearch={search} onEnter={() => grid.current?.focus()} error={misread} />
        </Box>
        {narrow && (
          <Button variant="default" leftSection={<IconFilter size={16} aria-hidden />} onClick={filter.open}>
            Narrow
          </Button>
        )}
      </Group>
      <Box className="devices">
        {!narrow && <Box className="facets">{facets}</Box>}
        <Box className="card" style={{ overflow: 'hidden' }}>
          {(chosen.size > 0 || all) && mayChange && (
            <Bulk
              q={q}
              ids={[...chosen]}
              total={total}
              all={all}
              setAll={setAll}
              clear={() => {
                setChosen(new Set())
                setAll(false)
              }}
            />
          )}
          {list.isPending ? (
            <Loading rows={14} />
          ) : list.isError && devices.length === 0 ? (
            <Failure error={list.error} retry={misread ? undefined : () => void list.refetch()} />
          ) : devices.length === 0 ? (
            <Nothing
              title={q ? 'No device fits this search' : 'No device was heard yet'}
              action={
                q ? (
                  <Button variant="default" onClick={() => search('')}>
                    Show all devices
                  </Button>
                ) : undefined
              }
            >
              {q
                ? 'Take a word away, or look whether a name is spelled differently.'
                : 'Devices appear here as they speak.'}
            </Nothing>
          ) : (
            <DeviceGrid
              grid={grid}
              devices={devices}
              total={total}
              columns={columnsOf(wanted.join(','))}
              sort={sort}
              onSort={(next) => void navigate({ search: (old) => ({ ...old, sort: next }), replace: true })}
              chosen={all ? new Set(devices.map((device) => device.id)) : chosen}
              onChoose={mayChange ? choose : undefined}
              compact={Boolean(compact)}
              more={more}
              height={compact ? 'calc(100dvh - 235px)' : 'calc(100dvh - 225px)'}
            />
          )}
          {devices.length > 0 && (
            <Text size="xs" c="dimmed" px="md" py={6} style={{ borderTop: '1px solid var(--line)' }}>
              {count(devices.length)} of {count(total)} loaded
              {list.isError ? ' · the last try to load more failed; scroll to try again' : ''}
            </Text>
          )}
        </Box>
      </Box>
      <Drawer opened={filtering} onClose={filter.close} title="Narrow the search" size="sm">
        {facets}
      </Drawer>
    </Sheet>
  )
}
