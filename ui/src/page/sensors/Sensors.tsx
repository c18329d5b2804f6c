// What is heard, and what is not.
import { Button, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import type { Page, Sensor } from '../../api/schema'
import { many } from '../../logic/amount'
import { Card, Sheet } from '../../part/Layout'
import { Allowed, IfMay, Loaded, Nothing } from '../../part/State'
import { Coverage } from './Coverage'
import { Invitations } from './Invitations'
import { Invite } from './Invite'
import { SensorCard } from './SensorCard'

export function Sensors() {
  return (
    <Allowed to="sensor.read" what="the sensors">
      <Shown />
    </Allowed>
  )
}

const ORDER = ['silent', 'dropping', 'behind', 'good']

function Shown() {
  const [inviting, invite] = useDisclosure(false)
  const sensors = useQuery({
    queryKey: ['sensors'],
    queryFn: ({ signal }) => get<Page<Sensor>>('/sensors', undefined, signal),
    refetchInterval: 15_000,
  })
  const items = (sensors.data?.items ?? []).toSorted((a, b) => ORDER.indexOf(a.health) - ORDER.indexOf(b.health))
  const troubled = items.filter((sensor) => sensor.health !== 'good').length
  return (
    <Sheet
      title="Sensors"
      sub={
        sensors.data
          ? troubled
            ? `${troubled} of ${many(items.length, 'sensor')} need${troubled === 1 ? 's' : ''} attention`
            : `${many(items.length, 'sensor')}, all well`
          : ' '
      }
      actions={
        <IfMay to="sensor.manage">
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={invite.open}>
            Invite a sensor
          </Button>
        </IfMay>
      }
    >
      <IfMay to="sensor.manage">
        <Invitations />
      </IfMay>
      <Loaded of={sensors}>
        {() =>
          items.length === 0 ? (
            <Card>
              <Nothing title="No sensor has reported yet">
                A sensor listens at a mirror port of one site and sends what it understands, not the packets. Invite one
                and run the command it gives you.
              </Nothing>
            </Card>
          ) : (
            <Stack gap="md">
              {items.map((sensor) => (
                <SensorCard key={`${sensor.site} ${sensor.name}`} sensor={sensor} />
              ))}
              <Coverage sites={[...new Set(items.map((sensor) => sensor.site))]} />
            </Stack>
          )
        }
      </Loaded>
      <Invite opened={inviting} close={invite.close} sites={[...new Set(items.map((sensor) => sensor.site))]} />
    </Sheet>
  )
}
