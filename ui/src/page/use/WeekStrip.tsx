// A week of use in one small picture: seven days, twenty-four hours, darker where more is in use.
import { localWeek, viewerOffset, WEEKDAYS } from '../../logic/time'
import { useNow } from '../../part/Moment'

const WIDTH = 4
const HEIGHT = 5

export function WeekStrip({ week, label }: { week: number[]; label: string }) {
  const hours = localWeek(week, viewerOffset(useNow()))
  const most = Math.max(...hours, 1)
  const total = hours.reduce((sum, n) => sum + n, 0)
  const byDay = WEEKDAYS.map((_, day) => hours.slice(day * 24, day * 24 + 24).reduce((sum, n) => sum + n, 0))
  const busiest = WEEKDAYS[byDay.indexOf(Math.max(...byDay))]
  const words = total === 0 ? `${label}: not used` : `${label}: most used on ${busiest}`
  return (
    <svg width={24 * WIDTH} height={7 * HEIGHT} role="img" aria-label={words} style={{ display: 'block' }}>
      <title>{words}</title>
      {hours.map((value, hour) => (
        <rect
          // biome-ignore lint/suspicious/noArrayIndexKey: an hour of the week is its place
          key={hour}
          x={(hour % 24) * WIDTH}
          y={Math.floor(hour / 24) * HEIGHT}
          width={WIDTH - 1}
          height={HEIGHT - 1}
          fill={value > 0 ? 'var(--accent)' : 'var(--line)'}
          opacity={value > 0 ? 0.25 + 0.75 * (value / most) : 1}
        />
      ))}
    </svg>
  )
}
