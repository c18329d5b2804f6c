// A chart over time, drawn by ECharts, which is loaded only when a chart is on the page.
import { Box, Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'

export interface Series {
  name: string
  points: { at: string; value: number }[]
}
export interface ChartProps {
  series: Series
  kind: 'line' | 'bar'
  height?: number
  /** How a value is written. */
  write: (value: number) => string
  /** The chart in words, for screen readers. */
  label: string
}
const Drawing = lazy(() => import('./Drawing'))

export function Chart(props: ChartProps) {
  const height = props.height ?? 150
  return (
    <Box role="img" aria-label={props.label} h={height}>
      <Suspense fallback={<Skeleton height={height} />}>
        <Drawing {...props} height={height} />
      </Suspense>
    </Box>
  )
}
