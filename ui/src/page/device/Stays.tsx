// Where a device is and was.
import { Box, Timeline as Line, Stack, Text } from '@mantine/core'
import { IconMapPin } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get } from '../../api/client'
import type { Page, Place, Stay, Whereabouts } from '../../api/schema'
import { how } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Loaded } from '../../part/State'
import { placePath, usePlaces } from './Notes'

export function Stays({ id, now }: { id: string; now?: Whereabouts }) {
  const stays = useQuery({
    queryKey: ['device', id, 'stays'],
    queryFn: ({ signal }) => get<Page<Stay>>(`/devices/${encodeURIComponent(id)}/stays`, undefined, signal),
  })
  const places = usePlaces().data?.items ?? []
  return (
    <Stack gap="md">
      <Card title="Now">
        {now ? (
          <Here at={now} places={places} />
        ) : (
          <Text size="sm" c="dimmed">
            Nothing tells where it is. A place can be tied to switch ports, VLANs or names on the page Places.
          </Text>
        )}
      </Card>
      <Card title="Where it was">
        <Loaded of={stays}>
          {(data) =>
            data.items.length === 0 ? (
              <Text size="sm" c="dimmed">
                No place is known from the past.
              </Text>
            ) : (
              <Line active={0} bulletSize={18} lineWidth={2}>
                {data.items.map((stay, index) => (
                  <Line.Item
                    key={`${stay.whereabouts.since} ${stay.whereabouts.position}`}
                    title={placePath(places, stay.whereabouts.place) || stay.whereabouts.position}
                  >
                    <Text size="sm" c="dimmed" component="div">
                      {stay.whereabouts.position}, told by {how(stay.whereabouts.how)}
                    </Text>
                    <Text size="xs" c="dimmed" component="div">
                      <Moment at={stay.whereabouts.since} exact /> to{' '}
                      {index === 0 ? 'now' : <Moment at={stay.whereabouts.last} exact />}
                    </Text>
                  </Line.Item>
                ))}
              </Line>
            )
          }
        </Loaded>
      </Card>
    </Stack>
  )
}

function Here({ at, places }: { at: Whereabouts; places: Place[] }) {
  const path = placePath(places, at.place)
  return (
    <Box>
      <Text fw={600} fz={17} style={{ display: 'flex', gap: 6, alignItems: 'center' }}>
        <IconMapPin size={18} aria-hidden color="var(--accent)" />
        {path && at.place ? (
          <Link to="/places" search={{ place: at.place }} className="device-link">
            {path}
          </Link>
        ) : (
          at.position
        )}
      </Text>
      <Text size="sm" c="dimmed" component="div" mt={4}>
        {at.position}, told by {how(at.how)}. There since <Moment at={at.since} exact />, confirmed{' '}
        <Moment at={at.last} />.
      </Text>
    </Box>
  )
}
