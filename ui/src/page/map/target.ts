// Where a node of the map leads: the search that finds its devices. Pure.
import type { MapGroup } from '../../api/schema'

const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

export function queryOf(group: MapGroup, id: string): string {
  switch (group) {
    case 'vlan':
      return id ? `vlan:${id}` : ''
    case 'category':
    case 'vendor':
      return id ? `${group}:${quoted(id)}` : `-has:${group}`
    case 'device':
      return `id:${id}`
    default:
      return id ? `${group}:${quoted(id)}` : ''
  }
}
