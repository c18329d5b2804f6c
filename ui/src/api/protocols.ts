// How protocols and other sources are usually written, as the monitor says it.
import { useQuery } from '@tanstack/react-query'
import { named } from '../logic/word'
import { get } from './client'
import type { Page, Spoken } from './schema'

/** From a name of the API to its usual spelling: "dhcpv4" → "DHCP". */
export function useProtocols(): (name: string) => string {
  const spoken = useQuery({
    queryKey: ['protocols'],
    queryFn: async ({ signal }) => {
      const page = await get<Page<Spoken>>('/protocols', undefined, signal)
      return new Map(page.items.map((one) => [one.name, one.label]))
    },
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (name) => spoken.data?.get(name) ?? named(name)
}
