// The table of devices. Only the rows in sight exist; more are fetched as one scrolls. Keys: arrows, j, k, Enter, Space.
import { Box, Checkbox, Skeleton } from '@mantine/core'
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useEffect, useState } from 'react'
import type { DeviceSummary } from '../../api/schema'
import { nextSort } from '../../logic/query'
import { CompactRow } from './CompactRow'
import type { Column } from './columns'

interface DeviceGridProps {
  grid: RefObject<HTMLDivElement | null>
  devices: DeviceSummary[]
  total: number
  columns: Column[]
  sort: string
  onSort: (sort: string) => void
  chosen: ReadonlySet<string>
  onChoose?: (id: string) => void
  compact: boolean
  more: () => void
  height: string
}

export function DeviceGrid(props: DeviceGridProps) {
  const { grid, devices, total, columns, chosen, onChoose, compact, more } = props
  const [active, setActive] = useState(-1)
  const navigate = useNavigate()
  const waiting = devices.length < total ? 8 : 0
  const rows = useVirtualizer({
    count: devices.length + waiting,
    getScrollElement: () => grid.current,
    estimateSize: () => (compact ? 62 : 38),
    overscan: 12,
    scrollPaddingStart: 40,
  })
  const shown = rows.getVirtualItems()
  const last = shown.at(-1)?.index ?? 0
  useEffect(() => {
    if (devices.length > 0 && last >= devices.length - 40 && devices.length < total) more()
  }, [last, devices.length, total, more])
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights change with the shape of rows
  useEffect(() => rows.measure(), [compact])

  const go = (index: number) => {
    const next = Math.max(0, Math.min(devices.length - 1, index))
    setActive(next)
    rows.scrollToIndex(next, { align: 'auto' })
  }
  const open = (device: DeviceSummary | undefined) => {
    if (device) void navigate({ to: '/devices/$id', params: { id: device.id } })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor((grid.current?.clientHeight ?? 400) / (compact ? 62 : 38)) - 2)
    const device = devices[active]
    const acts = new Map<string, () => void>([
      ['ArrowDown', () => go(active + 1)],
      ['j', () => go(active + 1)],
      ['ArrowUp', () => go(active - 1)],
      ['k', () => go(active - 1)],
      ['PageDown', () => go(active + page)],
      ['PageUp', () => go(active - page)],
      ['Home', () => go(0)],
      ['End', () => go(devices.length - 1)],
      ['Enter', () => open(device)],
      [' ', () => device && onChoose?.(device.id)],
      ['x', () => device && onChoose?.(device.id)],
    ])
    const act = acts.get(event.key)
    if (!act) return
    event.preventDefault()
    act()
  }

  return (
    <div
      ref={grid}
      className="grid"
      role="grid"
      tabIndex={0}
      aria-label="Devices"
      aria-rowcount={total + 1}
      aria-multiselectable={onChoose ? true : undefined}
      aria-activedescendant={devices[active] ? `row-${devices[active].id}` : undefined}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.target === event.currentTarget && active < 0 && devices.length > 0 && setActive(0)}
      style={{ height: props.height }}
    >
      <div className={compact ? 'hidden' : 'grid-row grid-head'} role="row" aria-rowindex={1}>
        {onChoose && <Head width={40} label="Chosen" hidden />}
        {columns.map((column) => (
          <Head
            key={column.id}
            width={column.width}
            label={column.label}
            sort={column.sort}
            sorted={props.sort}
            onSort={props.onSort}
          />
        ))}
      </div>
      <div className="grid-body" role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {shown.map((row) => {
          const device = devices[row.index]
          const style = { height: row.size, transform: `translateY(${row.start}px)` }
          if (!device)
            return (
              <div key={row.key} className="grid-row" role="presentation" style={style}>
                <Box px="md" w="100%">
                  <Skeleton height={12} width={`${40 + ((row.index * 13) % 40)}%`} data-inert />
                </Box>
              </div>
            )
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys
            <div
              key={row.key}
              id={`row-${device.id}`}
              className="grid-row"
              role="row"
              aria-rowindex={row.index + 2}
              aria-selected={chosen.has(device.id)}
              data-active={row.index === active || undefined}
              style={style}
              onClick={(event) => {
                setActive(row.index)
                if (!(event.target as HTMLElement).closest('a, input, label')) open(device)
              }}
            >
              {onChoose && (
                <Cell width={40}>
                  <Checkbox
                    size="xs"
                    tabIndex={-1}
                    aria-label={`Choose ${device.name}`}
                    checked={chosen.has(device.id)}
                    onChange={() => onChoose(device.id)}
                  />
                </Cell>
              )}
              {compact ? (
                <CompactRow device={device} />
              ) : (
                columns.map((column) => (
                  <Cell key={column.id} width={column.width}>
                    {column.cell(device)}
                  </Cell>
                ))
              )}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Cell({ width, children }: { width: number; children: React.ReactNode }) {
  return (
    <div role="gridcell" className="grid-cell" style={{ width, flexGrow: width > 60 ? 1 : 0 }}>
      {children}
    </div>
  )
}

interface HeadProps {
  width: number
  label: string
  hidden?: boolean
  sort?: string
  sorted?: string
  onSort?: (sort: string) => void
}

function Head({ width, label, hidden, sort, sorted, onSort }: HeadProps) {
  const here = sort && sorted?.replace('-', '') === sort
  const down = sorted?.startsWith('-')
  return (
    <div
      role="columnheader"
      className="grid-cell"
      style={{ width, flexGrow: width > 60 ? 1 : 0 }}
      aria-sort={here ? (down ? 'descending' : 'ascending') : undefined}
    >
      {hidden ? (
        <span className="hidden">{label}</span>
      ) : sort && onSort ? (
        <button type="button" className="sort-button" onClick={() => onSort(nextSort(sorted ?? '', sort))}>
          {label}
          {here && (down ? <IconArrowDown size={13} aria-hidden /> : <IconArrowUp size={13} aria-hidden />)}
        </button>
      ) : (
        label
      )}
    </div>
  )
}
