// Places as an indented list: one button a place, the arrow keys move.
import { Box, Text } from '@mantine/core'
import { IconBox, IconBuilding, IconBuildingHospital, IconDoor, IconStairs } from '@tabler/icons-react'
import type { KeyboardEvent } from 'react'
import type { Place } from '../../api/schema'
import { many } from '../../logic/amount'
import { Mark } from '../../part/Mark'

const ICONS = {
  site: IconBuildingHospital,
  building: IconBuilding,
  floor: IconStairs,
  room: IconDoor,
  storage: IconBox,
}

/** Parents before their children, with how deep each stands. */
export function ordered(places: Place[]): [Place, number][] {
  const known = new Set(places.map((place) => place.id))
  const below = (parent: string | null): Place[] =>
    places
      .filter((place) => (place.parent && known.has(place.parent) ? place.parent : null) === parent)
      .sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))
  const walk = (parent: string | null, depth: number): [Place, number][] =>
    depth > 16
      ? []
      : below(parent).flatMap((place) => [[place, depth] as [Place, number], ...walk(place.id, depth + 1)])
  return walk(null, 0)
}

interface TreeProps {
  places: Place[]
  chosen?: string
  choose: (id: string) => void
}

export function Tree({ places, chosen, choose }: TreeProps) {
  const move = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    event.preventDefault()
    const all = Array.from(event.currentTarget.querySelectorAll('button'))
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    all[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus()
  }
  return (
    <Box component="nav" aria-label="Places" onKeyDown={move}>
      {ordered(places).map(([place, depth]) => {
        const Icon = ICONS[place.kind]
        return (
          <button
            key={place.id}
            type="button"
            className="row-link"
            aria-current={place.id === chosen ? 'true' : undefined}
            style={{
              width: '100%',
              textAlign: 'left',
              border: 0,
              font: 'inherit',
              color: 'inherit',
              cursor: 'pointer',
              paddingLeft: 14 + depth * 18,
              background: place.id === chosen ? 'var(--accent-soft)' : 'none',
            }}
            onClick={() => choose(place.id)}
          >
            <Icon size={16} aria-hidden color="var(--ink-soft)" style={{ flex: 'none' }} />
            <Text size="sm" component="span" flex={1}>
              {place.name}
            </Text>
            {place.missing > 0 && <Mark tone="critical">{place.missing} missing</Mark>}
            <Text size="xs" c="dimmed" component="span">
              {many(place.devices, 'device')}
            </Text>
          </button>
        )
      })}
    </Box>
  )
}
