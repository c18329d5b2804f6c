// The picture of the map, drawn by sigma with WebGL. Not to be imported but lazily.
import { Box, Text, useMantineColorScheme } from '@mantine/core'
import Graph from 'graphology'
import { useEffect, useRef, useState } from 'react'
import Sigma from 'sigma'
import type { MapAnswer, MapNode } from '../../api/schema'
import type { LayoutTask } from './layout.worker'

export interface PictureProps {
  map: MapAnswer
  chosen?: string
  onChoose: (id: string | undefined) => void
  name: (node: MapNode) => string
  /** WebGL is missing, so there is no picture. */
  onUnable: () => void
}

function colours() {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    medical: read('--accent'),
    other: read('--ink-soft'),
    outside: read('--high'),
    missing: read('--critical'),
    line: read('--line-strong'),
    faint: read('--line'),
    ink: read('--ink'),
    card: read('--card'),
  }
}
type Colours = ReturnType<typeof colours>

function colourOf(node: MapNode, c: Colours, single: boolean): string {
  if (node.scope === 'external') return c.outside
  if (node.missing && single) return c.missing
  return node.medical ? c.medical : c.other
}

export default function Picture({ map, chosen, onChoose, name, onUnable }: PictureProps) {
  const box = useRef<HTMLDivElement>(null)
  const sigma = useRef<Sigma | null>(null)
  const choice = useRef(chosen)
  const [laying, setLaying] = useState(true)
  const { colorScheme } = useMantineColorScheme()

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew for another map or other colours only
  useEffect(() => {
    if (!box.current) return
    const c = colours()
    const graph = build(map, name, c)
    let drawing: Sigma
    try {
      drawing = new Sigma(graph, box.current, {
        labelColor: { color: c.ink },
        labelFont: 'system-ui, sans-serif',
        labelSize: 12.5,
        labelRenderedSizeThreshold: map.nodes.length > 600 ? 7 : 4,
        labelDensity: 0.6,
        defaultEdgeColor: c.line,
        zIndex: true,
        renderEdgeLabels: false,
        hideEdgesOnMove: map.links.length > 6000,
        defaultDrawNodeHover: (context, node, settings) => drawHover(context, node, settings.labelSize, c),
      })
    } catch {
      onUnable()
      return
    }
    sigma.current = drawing
    let hovered: string | undefined
    drawing.setSetting('nodeReducer', (node, data) => {
      const centre = hovered ?? choice.current
      if (!centre || node === centre || graph.areNeighbors(node, centre))
        return { ...data, highlighted: node === centre, zIndex: node === centre ? 2 : 1 }
      return { ...data, color: c.faint, label: '', zIndex: 0 }
    })
    drawing.setSetting('edgeReducer', (edge, data) => {
      const centre = hovered ?? choice.current
      if (!centre) return data
      return graph.hasExtremity(edge, centre) ? { ...data, color: c.medical, zIndex: 1 } : { ...data, hidden: true }
    })
    const over = (node?: string) => {
      hovered = node
      if (box.current) box.current.style.cursor = node ? 'pointer' : 'default'
      drawing.refresh({ skipIndexation: true })
    }
    drawing.on('enterNode', ({ node }) => over(node))
    drawing.on('leaveNode', () => over())
    drawing.on('clickNode', ({ node }) => onChoose(node))
    drawing.on('clickStage', () => onChoose(undefined))
    const stop = layOut(graph, setLaying)
    return () => {
      stop()
      drawing.kill()
      sigma.current = null
    }
  }, [map, colorScheme])

  useEffect(() => {
    choice.current = chosen
    sigma.current?.refresh({ skipIndexation: true })
  }, [chosen])

  return (
    <Box className="map-box">
      <Box
        ref={box}
        pos="absolute"
        inset={0}
        role="img"
        aria-label={`Map of ${map.nodes.length} nodes. The table has the same in words.`}
      />
      {laying && (
        <Text size="xs" c="dimmed" pos="absolute" left={12} bottom={10} role="status">
          Laying out…
        </Text>
      )}
    </Box>
  )
}

function build(map: MapAnswer, name: (node: MapNode) => string, c: Colours): Graph {
  const graph = new Graph({ type: 'undirected', multi: false })
  const single = map.nodes.every((node) => node.devices <= 1)
  const most = Math.max(1, ...map.nodes.map((node) => node.devices))
  const top = Math.log10(Math.max(10, ...map.links.map((link) => link.bytes)))
  map.nodes.forEach((node, n) => {
    const angle = n * 2.399963
    const radius = 10 * Math.sqrt(n + 1)
    graph.mergeNode(node.id, {
      x: radius * Math.cos(angle),
      y: radius * Math.sin(angle),
      label: node.missing && !single ? `${name(node)} · ${node.missing} missing` : name(node),
      color: colourOf(node, c, single),
      size: single ? (map.nodes.length > 1500 ? 3 : 5) : 6 + 18 * Math.sqrt(node.devices / most),
    })
  })
  for (const link of map.links) {
    if (link.from === link.to || !graph.hasNode(link.from) || !graph.hasNode(link.to)) continue
    const size = single ? 0.4 : 0.5 + 4 * (Math.log10(Math.max(10, link.bytes)) / top) ** 3
    graph.mergeEdge(link.from, link.to, { size, color: c.line, weight: Math.log10(10 + link.bytes) })
  }
  // Alone, a device is the larger the more it talks with: hubs stand out and keep their names.
  if (single)
    graph.updateEachNodeAttributes((id, all) => ({ ...all, size: 2.5 + Math.min(9, Math.sqrt(graph.degree(id))) }))
  return graph
}

function layOut(graph: Graph, setLaying: (laying: boolean) => void): () => void {
  const ids = graph.nodes()
  const place = new Map(ids.map((id, n) => [id, n]))
  const edges = new Uint32Array(2 * graph.size)
  const weights = new Float32Array(graph.size)
  let at = 0
  graph.forEachEdge((_, data, from, to) => {
    edges[2 * at] = place.get(from) ?? 0
    edges[2 * at + 1] = place.get(to) ?? 0
    weights[at] = data.weight as number
    at += 1
  })
  setLaying(true)
  const worker = new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }: MessageEvent<{ spots: Float32Array; done: boolean }>) => {
    graph.updateEachNodeAttributes(
      (id, attributes) => {
        const n = place.get(id) ?? 0
        return { ...attributes, x: data.spots[2 * n], y: data.spots[2 * n + 1] }
      },
      { attributes: ['x', 'y'] },
    )
    if (data.done) {
      setLaying(false)
      worker.terminate()
    }
  }
  worker.onerror = () => setLaying(false)
  const task: LayoutTask = { nodes: ids.length, edges, weights }
  worker.postMessage(task)
  return () => worker.terminate()
}

interface Drawn {
  x: number
  y: number
  size: number
  label?: string | null
  color: string
}
function drawHover(context: CanvasRenderingContext2D, node: Drawn, size: number, c: Colours) {
  context.beginPath()
  context.arc(node.x, node.y, node.size + 3, 0, Math.PI * 2)
  context.strokeStyle = c.ink
  context.lineWidth = 2
  context.stroke()
  if (!node.label) return
  context.font = `600 ${size}px system-ui, sans-serif`
  const width = context.measureText(node.label).width + 12
  context.fillStyle = c.card
  context.strokeStyle = c.line
  context.lineWidth = 1
  context.beginPath()
  context.roundRect(node.x + node.size + 5, node.y - 12, width, 24, 5)
  context.fill()
  context.stroke()
  context.fillStyle = c.ink
  context.fillText(node.label, node.x + node.size + 11, node.y + size / 3)
}
