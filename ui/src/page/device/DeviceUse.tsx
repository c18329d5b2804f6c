// How much a device is used, when in the week, and when it is safe to work on it.
import { Box, Grid, Group, List, Stack, Text } from '@mantine/core'
import { IconCircleCheckFilled, IconPlayerPlayFilled } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { get } from '../../api/client'
import type { DeviceUse as Answer, VolumePoint } from '../../api/schema'
import { bytes, count } from '../../logic/amount'
import { viewerOffset, windowWords } from '../../logic/time'
import { Chart } from '../../part/Chart'
import { Card, Figure } from '../../part/Layout'
import { Mark } from '../../part/Mark'
import { Moment, useNow } from '../../part/Moment'
import { Loaded } from '../../part/State'
import { WeekHeat, WeekLegend } from '../../part/Week'

export function DeviceUse({ id }: { id: string }) {
  const use = useQuery({
    queryKey: ['device', id, 'use'],
    queryFn: ({ signal }) => get<Answer>(`/devices/${encodeURIComponent(id)}/use`, undefined, signal),
  })
  return (
    <Stack gap="md">
      <Loaded of={use}>{(data) => <Shown use={data} />}</Loaded>
      <Volume id={id} />
    </Stack>
  )
}

function Shown({ use }: { use: Answer }) {
  const offset = viewerOffset(useNow())
  const hours = use.per_day.reduce((sum, day) => sum + day.hours, 0)
  const actions = use.per_day.reduce((sum, day) => sum + day.actions, 0)
  const days = Math.max(1, use.per_day.length)
  return (
    <>
      <Card>
        <Group gap="xl" style={{ rowGap: 10 }}>
          <Figure
            label="Now"
            value={
              use.now_in_use ? (
                <Mark tone="accent" icon={<IconPlayerPlayFilled size={16} aria-hidden />}>
                  <Text span fz={19} fw={620}>
                    In use
                  </Text>
                </Mark>
              ) : (
                'Idle'
              )
            }
            sub={
              <>
                last used <Moment at={use.last_used} />
              </>
            }
          />
          <Figure label="Hours in use a day" value={(hours / days).toFixed(1)} sub={`over ${days} days`} />
          <Figure label="Clinical actions a day" value={(actions / days).toFixed(1)} sub="exams, results, deliveries" />
        </Group>
      </Card>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Card title="Through the week" actions={<WeekLegend />}>
            <WeekHeat week={use.week} unit="hours in use" />
          </Card>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Card title="Safe windows" note="When it is usually not in use, in your time zone">
            {use.safe_windows.length === 0 ? (
              <Text size="sm" c="dimmed">
                No hour of the week is quiet for sure. Ask its users before working on it.
              </Text>
            ) : (
              <List icon={<IconCircleCheckFilled size={16} color="var(--good)" aria-hidden />} spacing={6} size="sm">
                {use.safe_windows.map((window) => (
                  <List.Item key={`${window.weekday} ${window.from_hour}`}>{windowWords(window, offset)}</List.Item>
                ))}
              </List>
            )}
          </Card>
        </Grid.Col>
      </Grid>
      <Card title="Hours in use, by the day">
        <Chart
          kind="bar"
          series={{
            name: 'Hours in use',
            points: use.per_day.map((day) => ({ at: `${day.day}T00:00:00`, value: day.hours })),
          }}
          write={(value) => `${value} h`}
          label={`Hours in use by the day: ${count(hours)} hours in ${days} days.`}
        />
      </Card>
    </>
  )
}

function Volume({ id }: { id: string }) {
  const volume = useQuery({
    queryKey: ['device', id, 'volume'],
    queryFn: ({ signal }) => {
      const until = new Date()
      const from = new Date(until.getTime() - 48 * 3_600_000)
      return get<{ points: VolumePoint[] }>(
        `/devices/${encodeURIComponent(id)}/volume`,
        { bucket: 'hour', from: from.toISOString(), until: until.toISOString() },
        signal,
      )
    },
  })
  return (
    <Card title="Traffic, last two days">
      <Loaded of={volume}>
        {(data) =>
          data.points.length === 0 ? (
            <Text size="sm" c="dimmed">
              No traffic in this time.
            </Text>
          ) : (
            <Box>
              <Chart
                kind="bar"
                height={120}
                series={{ name: 'Traffic', points: data.points.map((point) => ({ at: point.at, value: point.bytes })) }}
                write={bytes}
                label={`Traffic by the hour, ${bytes(data.points.reduce((sum, p) => sum + p.bytes, 0))} in two days.`}
              />
            </Box>
          )
        }
      </Loaded>
    </Card>
  )
}
