// Who is signed in and what they may do.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { get, remove, setCsrf } from './client'
import type { Permission, Session } from './schema'

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: async ({ signal }) => {
      const session = await get<Session>('/session', undefined, signal)
      setCsrf(session.csrf)
      return session
    },
    staleTime: 5 * 60_000,
  })
}

/** Whether the person may; false until that is known. */
export function useMay(permission: Permission): boolean {
  return useSession().data?.permissions.includes(permission) ?? false
}

export function useSignOut() {
  const client = useQueryClient()
  return async () => {
    await remove('/session')
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
    await client.invalidateQueries({ queryKey: ['session'] })
  }
}

/** Every site's name the person can see, from the places and sensors known. */
export function useSites(): string[] {
  const places = useQuery({
    queryKey: ['devices', 'sites'],
    queryFn: ({ signal }) =>
      get<{ facets: { field: string; values: { value: string }[] }[] }>(
        '/devices/facets',
        { fields: 'site', limit: 200 },
        signal,
      ),
    staleTime: 10 * 60_000,
  })
  return places.data?.facets[0]?.values.map((value) => value.value) ?? []
}
