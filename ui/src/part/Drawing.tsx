// The drawing itself. Not to be imported but lazily.
import { useMantineColorScheme } from '@mantine/core'
import { useReducedMotion } from '@mantine/hooks'
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { absolute, day } from '../logic/time'
import type { ChartProps } from './Chart'

use([BarChart, LineChart, GridComponent, TooltipComponent, CanvasRenderer])

const DAY = 24 * 3600 * 1000

export default function Drawing({ series, kind, height, write }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const { colorScheme } = useMantineColorScheme()
  const still = useReducedMotion()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the scheme changes
  useEffect(() => {
    if (!box.current) return
    const style = getComputedStyle(document.documentElement)
    const colour = (name: string) => style.getPropertyValue(name).trim()
    const chart = init(box.current)
    const soft = colour('--ink-soft')
    chart.setOption({
      animation: !still,
      animationDuration: 300,
      grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
      tooltip: {
        trigger: 'axis',
        backgroundColor: colour('--card'),
        borderColor: colour('--line-strong'),
        textStyle: { color: colour('--ink'), fontSize: 12 },
        formatter: (marks: { value: [string, number] }[]) => {
          const at = marks[0]?.value
          return at ? `${absolute(at[0])}<br/><b>${write(at[1])}</b>` : ''
        },
      },
      xAxis: {
        type: 'time',
        axisLine: { lineStyle: { color: colour('--line-strong') } },
        axisTick: { show: false },
        axisLabel: { color: soft, fontSize: 11, hideOverlap: true, formatter: (at: number) => shortDay(at) },
        splitNumber: 4,
        // A single point would have the axis go on into the future.
        max: Math.max(Date.now(), ...series.points.map((point) => Date.parse(point.at))),
        min: series.points.length === 1 ? Date.parse(series.points[0]?.at ?? '') - DAY : undefined,
      },
      yAxis: {
        type: 'value',
        splitNumber: 3,
        scale: kind === 'line',
        axisLabel: { color: soft, fontSize: 11, formatter: write },
        splitLine: { lineStyle: { color: colour('--line') } },
      },
      series: [
        {
          type: kind,
          name: series.name,
          data: series.points.map((point) => [point.at, point.value]),
          showSymbol: false,
          smooth: 0.25,
          color: colour('--accent'),
          areaStyle: kind === 'line' ? { opacity: 0.12 } : undefined,
          lineStyle: { width: 2 },
          itemStyle: { borderRadius: [2, 2, 0, 0] },
          barMaxWidth: 14,
        },
      ],
    })
    const watch = new ResizeObserver(() => chart.resize())
    watch.observe(box.current)
    return () => {
      watch.disconnect()
      chart.dispose()
    }
  }, [series, kind, write, colorScheme, still])
  return <div ref={box} style={{ height, width: '100%' }} aria-hidden />
}

function shortDay(at: number): string {
  const date = new Date(at)
  if (date.getHours() === 0) return day(date).replace(/ \d{4}$/, '')
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}
