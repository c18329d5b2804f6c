// What needs attention first, then the numbers, then how they went.
import { Anchor, Box, Grid, Group, Skeleton, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { get } from '../../api/client'
import type { Overview as Answer } from '../../api/schema'
import { bytes, count } from '../../logic/amount'
import { Chart } from '../../part/Chart'
import { EventList } from '../../part/EventLine'
import { Card, Sheet } from '../../part/Layout'
import { Moment } from '../../part/Moment'
import { Loaded, Nothing } from '../../part/State'
import { Attention } from './Attention'
import { Categories } from './Categories'
import { Missing } from './Missing'
import { Numbers } from './Numbers'

export function Overview() {
  const overview = useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => get<Answer>('/overview', undefined, signal),
    refetchInterval: 60_000,
  })
  return (
    <Sheet
      title="Overview"
      sub={
        overview.data && (
          <>
            As of <Moment at={overview.data.now} exact />
          </>
        )
      }
    >
      <Loaded of={overview} loading={<Waiting />}>
        {(data) => (
          <>
            {data.devices.total === 0 ? <Empty /> : <Attention items={data.attention} />}
            <Numbers of={data} />
            {data.devices.missing > 0 && <Missing />}
            <Grid gap="md">
              <Grid.Col span={{ base: 12, md: 7 }}>
                <Stack gap="md">
                  <Card title="Traffic" note="All that the sensors heard, by the hour">
                    <Chart
                      kind="bar"
                      height={150}
                      series={{ name: 'Traffic', points: data.trend.volume.map((p) => ({ at: p.at, value: p.bytes })) }}
                      write={bytes}
                      label={`Traffic by the hour. ${bytes(data.traffic.bytes_24h)} in the last 24 hours.`}
                    />
                  </Card>
                  <Card title="Devices known" note="How many devices were known, by the day">
                    <Chart
                      kind="line"
                      height={130}
                      series={{
                        name: 'Devices',
                        points: data.trend.devices.map((p) => ({ at: p.at, value: p.total })),
                      }}
                      write={count}
                      label={`Devices known by the day, ${count(data.devices.total)} now.`}
                    />
                  </Card>
                </Stack>
              </Grid.Col>
              <Grid.Col span={{ base: 12, md: 5 }}>
                <Categories items={data.categories} />
              </Grid.Col>
            </Grid>
            <Card
              title="Latest changes"
              flush
              actions={
                <Anchor size="sm" renderRoot={(props) => <Link to="/changes" {...props} />}>
                  All changes
                </Anchor>
              }
            >
              {data.recent.length ? (
                <EventList events={data.recent} />
              ) : (
                <Nothing title="Nothing has changed yet">Changes appear here as they happen.</Nothing>
              )}
            </Card>
          </>
        )}
      </Loaded>
    </Sheet>
  )
}

function Empty() {
  return (
    <Card>
      <Nothing
        title="No device was heard yet"
        action={<Anchor renderRoot={(props) => <Link to="/sensors" {...props} />}>Look at the sensors</Anchor>}
      >
        Devices appear here as they speak. If nothing comes within a minute, check that the sensor listens on the mirror
        port.
      </Nothing>
    </Card>
  )
}

function Waiting() {
  return (
    <Stack role="status" gap="md">
      <span className="hidden">Loading</span>
      <Skeleton height={210} />
      <Skeleton height={86} />
      <Group grow>
        <Skeleton height={280} />
        <Box visibleFrom="md">
          <Skeleton height={280} />
        </Box>
      </Group>
    </Stack>
  )
}
