// The picture: drawn by WebGL, laid out beside the page's own work, so that thousands of nodes stay fluid.
import { Box, Group, Text, useComputedColorScheme } from '@mantine/core'
import { useReducedMotion } from '@mantine/hooks'
import Graphology from 'graphology'
import forceAtlas2 from 'graphology-layout-forceatlas2'
import LayoutWorker from 'graphology-layout-forceatlas2/worker'
import { useEffect, useRef } from 'react'
import Sigma from 'sigma'
import type { MapAnswer, MapNode } from '../../api/schema'

interface GraphProps {
  answer: MapAnswer
  chosen?: string
  choose: (id: string | undefined) => void
  open: (id: string) => void
}

/** How long the layout may move. */
const SETTLING = 2500

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888'
}

function paint(node: MapNode): string {
  if (node.missing) return colour('--critical')
  if (node.scope === 'external') return colour('--ink-soft')
  return node.medical > 0 ? colour('--accent') : colour('--low')
}

export default function Graph({ answer, chosen, choose, open }: GraphProps) {
  const box = useRef<HTMLDivElement>(null)
  const picked = useRef(chosen)
  const sigma = useRef<Sigma>(null)
  const scheme = useComputedColorScheme()
  const still = useReducedMotion()
  // What a click does may change without drawing anew; the colours are read when the scheme changes.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    const element = box.current
    if (!element) return
    const graph = new Graphology({ type: 'undirected', multi: false })
    const count = answer.nodes.length
    answer.nodes.forEach((node, at) => {
      const turn = (at / count) * 2 * Math.PI
      graph.addNode(node.id, {
        label: node.label || 'not known',
        size: 4 + Math.min(18, Math.sqrt(node.devices) * 2.5),
        color: paint(node),
        x: Math.cos(turn),
        y: Math.sin(turn),
      })
    })
    const most = Math.max(1, ...answer.links.map((link) => link.bytes))
    for (const link of answer.links) {
      if (link.from === link.to || !graph.hasNode(link.from) || !graph.hasNode(link.to)) continue
      if (graph.hasEdge(link.from, link.to)) continue
      graph.addEdge(link.from, link.to, {
        size: 0.6 + 3.4 * (Math.log1p(link.bytes) / Math.log1p(most)),
        color: colour('--line-strong') || colour('--line'),
      })
    }
    const settings = forceAtlas2.inferSettings(graph)
    forceAtlas2.assign(graph, { iterations: count > 1000 ? 20 : 120, settings })
    const drawn = new Sigma(graph, element, {
      labelColor: { color: colour('--ink') },
      labelRenderedSizeThreshold: 7,
      labelFont: 'inherit',
      allowInvalidContainer: true,
    })
    sigma.current = drawn
    drawn.setSetting('nodeReducer', (id, data) => {
      const now = picked.current
      if (!now || id === now || graph.areNeighbors(id, now)) return data
      return { ...data, color: colour('--line'), label: '' }
    })
    drawn.setSetting('edgeReducer', (id, data) => {
      const now = picked.current
      return now && !graph.extremities(id).includes(now) ? { ...data, hidden: true } : data
    })
    drawn.on('clickNode', ({ node }) => (picked.current === node ? open(node) : choose(node)))
    drawn.on('clickStage', () => choose(undefined))
    let layout: LayoutWorker | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    if (!still && count > 3) {
      layout = new LayoutWorker(graph, { settings })
      layout.start()
      timer = setTimeout(() => layout?.stop(), SETTLING)
    }
    return () => {
      clearTimeout(timer)
      layout?.kill()
      drawn.kill()
      sigma.current = null
    }
  }, [answer, scheme, still])
  useEffect(() => {
    picked.current = chosen
    sigma.current?.refresh({ skipIndexation: true })
  }, [chosen])
  return (
    <Box>
      <Box
        ref={box}
        role="img"
        aria-label="Picture of who talks to whom; choose Table for the same in words"
        style={{ height: 'min(68vh, 720px)', minHeight: 360 }}
      />
      <Group gap="md" px="md" pb="sm">
        {[
          ['--accent', 'takes part in care'],
          ['--low', 'other'],
          ['--ink-soft', 'elsewhere'],
          ['--critical', 'something missing'],
        ].map(([name, words]) => (
          <Group key={words} gap={6}>
            <span style={{ width: 10, height: 10, borderRadius: 5, background: `var(${name})` }} aria-hidden />
            <Text size="xs" c="dimmed">
              {words}
            </Text>
          </Group>
        ))}
        <Text size="xs" c="dimmed">
          Click a node to see its links, again to open it.
        </Text>
      </Group>
    </Box>
  )
}
