// Lays out the map beside the page, so that the page stays fluid; tells where everything is every few rounds.
import Graph from 'graphology'
import forceAtlas2 from 'graphology-layout-forceatlas2'

export interface LayoutTask {
  nodes: number
  /** Pairs of node numbers. */
  edges: Uint32Array
  weights: Float32Array
}

self.onmessage = ({ data }: MessageEvent<LayoutTask>) => {
  const graph = new Graph({ type: 'undirected', multi: false })
  for (let n = 0; n < data.nodes; n += 1) {
    // Begun on a sunflower's spiral: the same every time.
    const angle = n * 2.399963
    const radius = 10 * Math.sqrt(n + 1)
    graph.addNode(n, { x: radius * Math.cos(angle), y: radius * Math.sin(angle) })
  }
  for (let e = 0; e < data.weights.length; e += 1) {
    const [from, to] = [data.edges[2 * e], data.edges[2 * e + 1]]
    if (from === undefined || to === undefined || from === to) continue
    graph.mergeEdge(from, to, { weight: data.weights[e] })
  }
  const settings = {
    ...forceAtlas2.inferSettings(graph),
    barnesHutOptimize: data.nodes > 400,
    gravity: 1.2,
    scalingRatio: 12,
  }
  const rounds = data.nodes > 3000 ? 120 : data.nodes > 600 ? 240 : 400
  const step = data.nodes > 3000 ? 10 : 25
  for (let done = 0; done < rounds; done += step) {
    forceAtlas2.assign(graph, { iterations: step, settings })
    const spots = new Float32Array(2 * data.nodes)
    graph.forEachNode((node, { x, y }) => {
      spots[2 * Number(node)] = x as number
      spots[2 * Number(node) + 1] = y as number
    })
    self.postMessage({ spots, done: done + step >= rounds }, { transfer: [spots.buffer] })
  }
}
