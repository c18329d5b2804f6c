// A floor as a plan: the rooms at their places, each a way in.
import { Link } from '@tanstack/react-router'
import type { Place } from '../../api/schema'
import { many } from '../../logic/amount'

export function Floor({ place, inside }: { place: Place; inside: Place[] }) {
  const width = place.plan?.width ?? 100
  const height = place.plan?.height ?? 60
  const unit = Math.max(width, height) / 60
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width="100%"
      role="group"
      aria-label={`Plan of ${place.name}`}
      style={{ maxHeight: 420, borderTop: '1px solid var(--line)', borderBottom: '1px solid var(--line)' }}
    >
      {place.plan?.image && <image href={place.plan.image} width={width} height={height} opacity={0.6} />}
      {inside
        .filter((room) => room.x != null && room.y != null)
        .map((room) => (
          <Link
            key={room.id}
            to="/places"
            search={{ place: room.id }}
            aria-label={`${room.name}: ${many(room.devices, 'device')}`}
          >
            <circle
              cx={room.x ?? 0}
              cy={room.y ?? 0}
              r={unit * (1.6 + Math.min(3, Math.sqrt(room.devices)))}
              fill={room.missing ? 'var(--critical-soft)' : 'var(--accent-soft)'}
              stroke={room.missing ? 'var(--critical)' : 'var(--accent)'}
              strokeWidth={unit * 0.25}
            />
            <text
              x={room.x ?? 0}
              y={(room.y ?? 0) + unit * 0.6}
              fontSize={unit * 1.7}
              textAnchor="middle"
              fill="var(--ink)"
            >
              {room.devices}
            </text>
            <text
              x={room.x ?? 0}
              y={(room.y ?? 0) + unit * 7}
              fontSize={unit * 1.8}
              textAnchor="middle"
              fill="var(--ink-soft)"
            >
              {room.name}
            </text>
          </Link>
        ))}
    </svg>
  )
}
