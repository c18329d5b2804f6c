// What the found devices are, counted; a click narrows the search or widens it again.
import { Anchor, Box, Skeleton, Stack, Text } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { get } from '../../api/client'
import type { Facet } from '../../api/schema'
import { count } from '../../logic/amount'
import { hasTerm, term, toggleTerm } from '../../logic/query'
import { category, sentence } from '../../logic/word'

const FIELDS: [string, string][] = [
  ['status', 'Status'],
  ['site', 'Site'],
  ['category', 'Kind'],
  ['vendor', 'Vendor'],
  ['os', 'System'],
  ['tag', 'Tag'],
  ['owner', 'Owner'],
  ['vlan', 'VLAN'],
  ['lifecycle', 'Life cycle'],
]
const SHORT = 6

function word(field: string, value: string): string {
  if (field === 'category') return category(value)
  if (field === 'status') return value === 'unheard' ? 'Never heard' : sentence(value)
  return field === 'lifecycle' ? sentence(value) : value
}

export function Facets({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const facets = useQuery({
    queryKey: ['devices', 'facets', q],
    queryFn: ({ signal }) =>
      get<{ facets: Facet[] }>(
        '/devices/facets',
        { q, fields: FIELDS.map(([field]) => field).join(','), limit: 20 },
        signal,
      ),
    placeholderData: keepPreviousData,
  })
  if (facets.isError) {
    return (
      <Text size="sm" c="dimmed">
        The counts are not available for this search.
      </Text>
    )
  }
  return (
    <Stack gap="md" component="section" aria-label="Narrow the search">
      {FIELDS.map(([field, label]) => {
        const facet = facets.data?.facets.find((one) => one.field === field)
        if (facets.isPending) return <Skeleton key={field} height={90} />
        if (!facet || facet.values.length === 0) return null
        return <FacetList key={field} label={label} facet={facet} q={q} onChange={onChange} />
      })}
    </Stack>
  )
}

function FacetList({
  label,
  facet,
  q,
  onChange,
}: {
  label: string
  facet: Facet
  q: string
  onChange: (q: string) => void
}) {
  const [all, setAll] = useState(false)
  const shown = all ? facet.values : facet.values.slice(0, SHORT)
  const hidden = facet.values.length - shown.length
  const nothing = ['category', 'vendor', 'os'].includes(facet.field) && facet.without > 0
  const without = `-has:${facet.field}`
  return (
    <Box role="group" aria-label={label}>
      <Text size="xs" fw={650} c="dimmed" px={8} pb={3}>
        {label}
      </Text>
      {shown.map(({ value, count: many }) => {
        const wanted = term(facet.field, value)
        return (
          <button
            key={value}
            type="button"
            className="facet"
            aria-pressed={hasTerm(q, wanted)}
            onClick={() => onChange(toggleTerm(q, wanted))}
          >
            <span className="cut">{word(facet.field, value)}</span>
            <span>{count(many)}</span>
          </button>
        )
      })}
      {nothing && (
        <button
          type="button"
          className="facet"
          aria-pressed={hasTerm(q, without)}
          onClick={() => onChange(toggleTerm(q, without))}
        >
          <span className="cut" style={{ fontStyle: 'italic' }}>
            not known
          </span>
          <span>{count(facet.without)}</span>
        </button>
      )}
      {(hidden > 0 || all) && (
        <Anchor component="button" type="button" size="xs" ml={8} py={4} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show ${hidden} more`}
        </Anchor>
      )}
    </Box>
  )
}
