// The tree of places, and what is where.
import { Box, Button, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Place } from '../../api/schema'
import { many } from '../../logic/amount'
import { Card, Sheet } from '../../part/Layout'
import { Allowed, IfMay, Loaded, Nothing } from '../../part/State'
import { usePlaces } from '../device/Notes'
import { PlaceEditor } from './PlaceEditor'
import { PlacePage } from './PlacePage'
import { PlaceTree } from './PlaceTree'

export function Places() {
  return (
    <Allowed to="device.read" what="places">
      <Shown />
    </Allowed>
  )
}

function Shown() {
  const places = usePlaces()
  const { place: chosen } = useSearch({ from: '/places' })
  const navigate = useNavigate({ from: '/places' })
  const [adding, add] = useDisclosure(false)
  const choose = (id: string) => void navigate({ search: { place: id } })
  const items = places.data?.items ?? []
  const place = items.find((one) => one.id === chosen) ?? first(items)
  return (
    <Sheet
      title="Places"
      sub={places.data ? many(items.length, 'place') : ' '}
      actions={
        <IfMay to="place.write">
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add.open}>
            Add a place
          </Button>
        </IfMay>
      }
    >
      <Loaded of={places}>
        {() =>
          items.length === 0 ? (
            <Card>
              <Nothing title="No place is known yet">
                Add the site first, then its buildings, floors and rooms. Tie each to switch ports, VLANs or address
                ranges, and devices find their place by themselves.
              </Nothing>
            </Card>
          ) : (
            <Box className="places">
              <Card title="Where" flush>
                <Box px={8} pb="sm" mah={{ base: 300, md: 'calc(100dvh - 240px)' }} style={{ overflowY: 'auto' }}>
                  <PlaceTree places={items} chosen={place?.id} onChoose={choose} />
                </Box>
              </Card>
              <Stack gap="md" miw={0}>
                {place ? <PlacePage place={place} places={items} onChoose={choose} /> : <Text>Choose a place.</Text>}
              </Stack>
            </Box>
          )
        }
      </Loaded>
      <PlaceEditor opened={adding} close={add.close} places={items} parent={place?.id} onSaved={choose} />
    </Sheet>
  )
}

/** The first floor, for it has a plan to look at; else the first place. */
function first(places: Place[]): Place | undefined {
  return places.find((place) => place.kind === 'floor') ?? places[0]
}
