// The tree: arrows move, right opens, left closes (WAI-ARIA tree pattern).
import { Box, Group, Text } from '@mantine/core'
import { IconBox, IconBuilding, IconChevronRight, IconDoor, IconMap2, IconStack2 } from '@tabler/icons-react'
import { type KeyboardEvent, useMemo, useRef, useState } from 'react'
import type { Place, PlaceKind } from '../../api/schema'
import { count } from '../../logic/amount'

const ICONS = {
  site: IconMap2,
  building: IconBuilding,
  floor: IconStack2,
  room: IconDoor,
  storage: IconBox,
} satisfies Record<PlaceKind, unknown>

interface Row {
  place: Place
  level: number
  children: number
}

export function PlaceTree({
  places,
  chosen,
  onChoose,
}: {
  places: Place[]
  chosen?: string
  onChoose: (id: string) => void
}) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(
    () => new Set(places.filter((place) => place.kind === 'floor' && place.id !== chosen).map((place) => place.id)),
  )
  const tree = useRef<HTMLDivElement>(null)
  const rows = useMemo(() => visible(places, closed), [places, closed])
  const set = (id: string, shut: boolean) =>
    setClosed((old) => {
      const next = new Set(old)
      if (shut) next.add(id)
      else next.delete(id)
      return next
    })
  const focus = (index: number) => {
    const id = rows[Math.max(0, Math.min(rows.length - 1, index))]?.place.id
    if (id) tree.current?.querySelector<HTMLElement>(`[data-place="${CSS.escape(id)}"]`)?.focus()
  }
  const onKeyDown = (event: KeyboardEvent, index: number) => {
    const row = rows[index]
    if (!row) return
    const id = row.place.id
    const shut = closed.has(id)
    const keys = new Map<string, () => void>([
      ['ArrowDown', () => focus(index + 1)],
      ['j', () => focus(index + 1)],
      ['ArrowUp', () => focus(index - 1)],
      ['k', () => focus(index - 1)],
      ['Home', () => focus(0)],
      ['End', () => focus(rows.length - 1)],
      ['ArrowRight', () => (row.children && shut ? set(id, false) : focus(index + 1))],
      [
        'ArrowLeft',
        () =>
          row.children && !shut ? set(id, true) : focus(rows.findIndex((one) => one.place.id === row.place.parent)),
      ],
      ['Enter', () => onChoose(id)],
      [' ', () => onChoose(id)],
    ])
    const act = keys.get(event.key)
    if (!act || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    act()
  }
  const stop = rows.some((row) => row.place.id === chosen) ? chosen : rows[0]?.place.id
  return (
    <Box ref={tree} role="tree" aria-label="Places">
      {rows.map((row, index) => {
        const { place } = row
        const Icon = ICONS[place.kind]
        const shut = closed.has(place.id)
        return (
          <Box
            key={place.id}
            role="treeitem"
            data-place={place.id}
            aria-level={row.level}
            aria-expanded={row.children ? !shut : undefined}
            aria-selected={place.id === chosen}
            tabIndex={place.id === stop ? 0 : -1}
            className="tree-row"
            style={{ paddingLeft: 6 + (row.level - 1) * 16 }}
            onClick={() => onChoose(place.id)}
            onKeyDown={(event) => onKeyDown(event, index)}
          >
            <Box
              w={20}
              lh={0}
              onClick={(event) => {
                event.stopPropagation()
                if (row.children) set(place.id, !shut)
              }}
            >
              {row.children > 0 && (
                <IconChevronRight size={15} aria-hidden style={{ transform: shut ? undefined : 'rotate(90deg)' }} />
              )}
            </Box>
            <Icon size={16} stroke={1.6} aria-hidden style={{ flex: 'none' }} />
            <Text size="sm" className="cut" flex={1} component="span">
              {place.name}
            </Text>
            <Group gap={6} wrap="nowrap">
              {place.missing > 0 && (
                <Text size="xs" c="var(--critical)" fw={600} component="span">
                  {place.missing} missing
                </Text>
              )}
              <Text size="xs" c="dimmed" component="span">
                {count(place.devices)}
                <span className="hidden"> devices</span>
              </Text>
            </Group>
          </Box>
        )
      })}
    </Box>
  )
}

function visible(places: Place[], closed: ReadonlySet<string>): Row[] {
  const below = new Map<string, Place[]>()
  const known = new Set(places.map((place) => place.id))
  for (const place of places) {
    const parent = place.parent && known.has(place.parent) ? place.parent : ''
    below.set(parent, [...(below.get(parent) ?? []), place])
  }
  const rows: Row[] = []
  const walk = (parent: string, level: number) => {
    for (const place of below.get(parent) ?? []) {
      const children = below.get(place.id)?.length ?? 0
      rows.push({ place, level, children })
      if (children && !closed.has(place.id) && level < 12) walk(place.id, level + 1)
    }
  }
  walk('', 1)
  return rows
}
