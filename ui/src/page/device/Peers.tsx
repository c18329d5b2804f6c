// A small picture of whom a device talks to: itself in the middle, the busiest peers around it.
import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { get } from '../../api/client'
import { useProtocols } from '../../api/protocols'
import type { Peers as Answer } from '../../api/schema'
import { bytes } from '../../logic/amount'
import { category } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Loaded } from '../../part/State'

const MOST = 16

export function Peers({ id }: { id: string }) {
  const peers = useQuery({
    queryKey: ['device', id, 'peers'],
    queryFn: ({ signal }) => get<Answer>(`/devices/${encodeURIComponent(id)}/peers`, undefined, signal),
  })
  return (
    <Card title="Around it" note="The busiest peers; the thicker the line, the more traffic">
      <Loaded of={peers}>
        {(data) =>
          data.links.length === 0 ? (
            <Text size="sm" c="dimmed">
              It was not heard talking to anybody.
            </Text>
          ) : (
            <Picture id={id} peers={data} />
          )
        }
      </Loaded>
    </Card>
  )
}

function Picture({ id, peers }: { id: string; peers: Answer }) {
  const navigate = useNavigate()
  const protocol = useProtocols()
  const weight = new Map<string, { bytes: number; protocols: string[] }>()
  for (const link of peers.links) {
    const other = link.from === id ? link.to : link.to === id ? link.from : undefined
    if (!other || other === id) continue
    const known = weight.get(other) ?? { bytes: 0, protocols: [] }
    weight.set(other, {
      bytes: known.bytes + link.bytes,
      protocols: [...new Set([...known.protocols, ...link.protocols])],
    })
  }
  const around = [...weight].sort((a, b) => b[1].bytes - a[1].bytes).slice(0, MOST)
  const top = Math.log10(Math.max(10, around[0]?.[1].bytes ?? 10))
  const name = (one: string) => peers.nodes.find((node) => node.id === one)
  const [width, height] = [760, around.length > 6 ? 360 : 240]
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      width="100%"
      style={{ maxHeight: 400 }}
      role="group"
      aria-label="Picture of its peers"
    >
      {around.map(([peer, told], index) => {
        const { x, y } = spot(index, around.length, width, height)
        return (
          <line
            key={peer}
            x1={width / 2}
            y1={height / 2}
            x2={x}
            y2={y}
            stroke="var(--line-strong)"
            strokeWidth={1 + 5 * (Math.log10(Math.max(10, told.bytes)) / top) ** 3}
          />
        )
      })}
      <circle cx={width / 2} cy={height / 2} r={17} fill="var(--accent)" />
      <text x={width / 2} y={height / 2 + 34} textAnchor="middle" fontSize={13} fontWeight={650} fill="var(--ink)">
        {shorten(name(id)?.name ?? id)}
      </text>
      {around.map(([peer, told], index) => {
        const { x, y } = spot(index, around.length, width, height)
        const node = name(peer)
        const outside = node?.scope === 'external'
        const right = x > width / 2
        const kind = outside ? 'outside the network' : node?.category ? category(node.category) : ''
        const words = `${shorten(node?.name ?? peer)} ${kind}: ${bytes(told.bytes)}, ${told.protocols.map(protocol).join(', ')}`
        return (
          <a
            key={peer}
            href={`/devices/${peer}`}
            aria-label={words}
            onClick={(event) => {
              if (event.ctrlKey || event.metaKey) return
              event.preventDefault()
              void navigate({ to: '/devices/$id', params: { id: peer } })
            }}
          >
            <title>{words}</title>
            <rect x={right ? x - 14 : x - 170} y={y - 14} width={184} height={28} fill="transparent" />
            <circle
              cx={x}
              cy={y}
              r={8}
              fill={outside ? 'var(--card)' : 'var(--ink-soft)'}
              stroke={outside ? 'var(--high)' : 'var(--ink-soft)'}
              strokeWidth={2.5}
              strokeDasharray={outside ? '3 2' : undefined}
            />
            <text
              x={right ? x + 14 : x - 14}
              y={y - 1}
              textAnchor={right ? 'start' : 'end'}
              fontSize={12.5}
              fill="var(--ink)"
            >
              {shorten(node?.name ?? peer)}
            </text>
            <text
              x={right ? x + 14 : x - 14}
              y={y + 12}
              textAnchor={right ? 'start' : 'end'}
              fontSize={10.5}
              fill="var(--ink-soft)"
            >
              {kind}
            </text>
          </a>
        )
      })}
    </svg>
  )
}

// On two columns, so that names never lie over each other.
function spot(index: number, all: number, width: number, height: number) {
  const right = index % 2 === 0
  const rows = Math.ceil(all / 2)
  const row = Math.floor(index / 2)
  const share = rows === 1 ? 0.5 : row / (rows - 1)
  const bulge = Math.sin(share * Math.PI) * 60
  return { x: width / 2 + (right ? 1 : -1) * (130 + bulge), y: 20 + share * (height - 40) }
}

function shorten(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text
}
