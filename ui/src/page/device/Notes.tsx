// What people say of a device, and changing it.
import { Box, Button, Drawer, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPencil, IconTool } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import type { DeviceAnswer, Page, Place } from '../../api/schema'
import { money } from '../../logic/amount'
import { sentence } from '../../logic/word'
import { Tag } from '../../part/DeviceLink'
import { Card } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment, useNow } from '../../part/Moment'
import { IfMay } from '../../part/State'
import { NotesForm } from './NotesForm'

export function usePlaces() {
  return useQuery({
    queryKey: ['places'],
    queryFn: ({ signal }) => get<Page<Place>>('/places', undefined, signal),
    staleTime: 60_000,
  })
}

/** "Main › House A › Floor 1 › ICU 3". */
export function placePath(places: Place[], id: string | null | undefined): string {
  const names: string[] = []
  let at = id
  while (at && names.length < 12) {
    const place = places.find((one) => one.id === at)
    if (!place) break
    names.unshift(place.name)
    at = place.parent
  }
  return names.join(' › ')
}

export function Notes({ answer }: { answer: DeviceAnswer }) {
  const [editing, edit] = useDisclosure(false)
  const { annotation, summary } = answer
  const now = useNow()
  const places = usePlaces().data?.items ?? []
  const working = annotation.maintenance.find((one) => new Date(one.from) <= now && now < new Date(one.until))
  const rows: [string, React.ReactNode][] = [
    ['Owner', annotation.owner || '–'],
    ['Life cycle', sentence(annotation.lifecycle)],
    ['Criticality', criticality(annotation.criticality ?? summary.criticality, annotation.criticality)],
    ['Belongs to', placePath(places, annotation.place) || '–'],
    ['Value', annotation.value ? money(annotation.value, annotation.currency) : '–'],
  ]
  return (
    <Card
      title="What people say"
      actions={
        <IfMay to="device.annotate">
          <Button
            variant="default"
            size="compact-sm"
            leftSection={<IconPencil size={14} aria-hidden />}
            onClick={edit.open}
          >
            Change
          </Button>
        </IfMay>
      }
    >
      {working && (
        <Box mb="sm">
          <Mark tone="low" icon={<IconTool size={15} aria-hidden />} filled>
            In maintenance until <Moment at={working.until} exact />
          </Mark>
        </Box>
      )}
      {annotation.tags.length > 0 && (
        <Group gap={5} mb="sm">
          {annotation.tags.map((tag) => (
            <Tag key={tag}>{tag}</Tag>
          ))}
        </Group>
      )}
      <Box component="dl" className="facts">
        {rows.map(([label, value]) => (
          <Row key={label} label={label}>
            {value}
          </Row>
        ))}
        {annotation.maintenance.map((one) => (
          <Row key={one.from} label="Maintenance">
            <Moment at={one.from} exact /> to <Moment at={one.until} exact />
            {one.reason && `: ${one.reason}`}
          </Row>
        ))}
      </Box>
      {annotation.note && (
        <Text size="sm" mt="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {annotation.note}
        </Text>
      )}
      <Drawer opened={editing} onClose={edit.close} position="right" title={`About ${summary.name}`}>
        <NotesForm answer={answer} close={edit.close} />
      </Drawer>
    </Card>
  )
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <>
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="dd" size="sm" m={0}>
        {children}
      </Text>
    </>
  )
}

const WORDS = ['', 'hardly matters', 'minor', 'matters', 'important', 'life depends on it']
function criticality(value: number | undefined | null, byPerson: number | undefined | null): string {
  if (!value) return '–'
  return `${value} of 5, ${WORDS[value] ?? ''}${byPerson ? '' : ' (from the catalogue)'}`
}
