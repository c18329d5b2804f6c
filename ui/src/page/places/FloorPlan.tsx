// A floor from above: its rooms where they were put, and the devices in them.

import { Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import type { DeviceSummary, Place } from '../../api/schema'
import { many } from '../../logic/amount'
import { Card } from '../../part/Layout'
import { Scroll } from '../../part/Scroll'

const MOST = 24
const COLUMNS = 8

export function FloorPlan({
  floor,
  places,
  devices,
  onChoose,
}: {
  floor: Place
  places: Place[]
  devices: DeviceSummary[]
  onChoose: (id: string) => void
}) {
  const rooms = places.filter((place) => place.parent === floor.id)
  const width = floor.plan?.width ?? 1000
  const height = floor.plan?.height ?? Math.max(260, Math.ceil(rooms.length / 4) * 260)
  const image = floor.plan?.image && /^\/(?!\/)/.test(floor.plan.image) ? floor.plan.image : undefined
  if (rooms.length === 0) {
    return (
      <Card title="Floor">
        <Text size="sm" c="dimmed">
          Add rooms below this floor to see it from above.
        </Text>
      </Card>
    )
  }
  return (
    <Card title="Floor" note="Each dot is a device: filled when active, ringed when missing">
      <Scroll label={`Plan of ${floor.name}`}>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          width="100%"
          style={{ minWidth: 620 }}
          role="group"
          aria-label={floor.name}
        >
          {image && <image href={image} width={width} height={height} opacity={0.5} />}
          {rooms.map((room, index) => (
            <Room
              key={room.id}
              room={room}
              x={room.x ?? 125 + (index % 4) * 250}
              y={room.y ?? 130 + Math.floor(index / 4) * 260}
              devices={devices.filter((device) => device.whereabouts?.place === room.id)}
              onChoose={onChoose}
            />
          ))}
        </svg>
      </Scroll>
    </Card>
  )
}

interface RoomProps {
  room: Place
  x: number
  y: number
  devices: DeviceSummary[]
  onChoose: (id: string) => void
}

function Room({ room, x, y, devices, onChoose }: RoomProps) {
  const navigate = useNavigate()
  const shown = devices.slice(0, MOST)
  return (
    <g transform={`translate(${x - 115} ${y - 115})`}>
      <rect
        width={230}
        height={230}
        rx={8}
        fill="var(--ground)"
        stroke="var(--line-strong)"
        strokeWidth={1.5}
        strokeDasharray={room.kind === 'storage' ? '6 4' : undefined}
      />
      <a
        href={`/places?place=${encodeURIComponent(room.id)}`}
        onClick={(event) => {
          event.preventDefault()
          onChoose(room.id)
        }}
      >
        <rect width={230} height={48} fill="transparent" />
        <text x={14} y={27} fontSize={16} fontWeight={620} fill="var(--ink)">
          {room.name.length > 22 ? `${room.name.slice(0, 21)}…` : room.name}
        </text>
        <text x={14} y={46} fontSize={12.5} fill="var(--ink-soft)">
          {many(room.devices, 'device')}
          {room.missing ? `, ${room.missing} missing` : ''}
        </text>
      </a>
      {shown.map((device, index) => {
        const missing = device.status === 'missing'
        const quiet = device.status !== 'active'
        const name = `${device.name}, ${device.status}`
        return (
          <a
            key={device.id}
            href={`/devices/${device.id}`}
            aria-label={name}
            onClick={(event) => {
              event.preventDefault()
              void navigate({ to: '/devices/$id', params: { id: device.id } })
            }}
          >
            <title>{name}</title>
            <circle
              cx={26 + (index % COLUMNS) * 26}
              cy={78 + Math.floor(index / COLUMNS) * 28}
              r={missing ? 8 : 9}
              fill={quiet ? 'var(--card)' : device.medical ? 'var(--accent)' : 'var(--ink-soft)'}
              stroke={missing ? 'var(--critical)' : device.medical ? 'var(--accent)' : 'var(--ink-soft)'}
              strokeWidth={missing ? 4 : 2}
            />
          </a>
        )
      })}
      {devices.length > shown.length && (
        <text x={14} y={218} fontSize={12.5} fill="var(--ink-soft)">
          and {devices.length - shown.length} more
        </text>
      )}
    </g>
  )
}
