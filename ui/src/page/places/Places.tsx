// The tree of places: what is where, what is missing there, and who was there.
import { Button, Grid } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { get } from '../../api/client'
import type { Place } from '../../api/schema'
import { Card, Sheet } from '../../part/Layout'
import { Allowed, IfMay, Loaded, Nothing } from '../../part/State'
import { Here } from './Here'
import { PlaceForm } from './PlaceForm'
import { Tree } from './Tree'

export function Places() {
  const [making, setMaking] = useState(false)
  return (
    <Sheet
      title="Places"
      sub="Sites, buildings, floors and rooms, and what is in them"
      actions={
        <IfMay to="place.write">
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
            Add a place
          </Button>
        </IfMay>
      }
    >
      <Allowed to="device.read" what="places">
        <All making={making} close={() => setMaking(false)} />
      </Allowed>
    </Sheet>
  )
}

function All({ making, close }: { making: boolean; close: () => void }) {
  const places = useQuery({
    queryKey: ['places'],
    queryFn: ({ signal }) => get<{ items: Place[] }>('/places', undefined, signal),
    refetchInterval: 30_000,
  })
  const chosen = useSearch({ from: '/places' }).place
  const navigate = useNavigate({ from: '/places' })
  return (
    <Loaded of={places}>
      {({ items }) => {
        const place = items.find((one) => one.id === chosen)
        return (
          <>
            {items.length === 0 ? (
              <Card>
                <Nothing title="No place is drawn yet">
                  Add a site, then its buildings, floors and rooms, and give each the VLANs, subnets, switch ports or
                  names by which devices are known to be there.
                </Nothing>
              </Card>
            ) : (
              <Grid gap="md">
                <Grid.Col span={{ base: 12, md: 4 }}>
                  <Card flush title="All places">
                    <Tree
                      places={items}
                      chosen={chosen}
                      choose={(id) => void navigate({ search: { place: id }, replace: true })}
                    />
                  </Card>
                </Grid.Col>
                <Grid.Col span={{ base: 12, md: 8 }}>
                  {place ? (
                    <Here key={place.id} place={place} places={items} />
                  ) : (
                    <Card>
                      <Nothing title="Choose a place">What is there, and what was there, is shown here.</Nothing>
                    </Card>
                  )}
                </Grid.Col>
              </Grid>
            )}
            {making && <PlaceForm places={items} parent={place?.id} close={close} />}
          </>
        )
      }}
    </Loaded>
  )
}
