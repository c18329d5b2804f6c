// Severity, status and health: always an icon and a word, never colour alone.
import {
  IconAlertOctagonFilled,
  IconAlertTriangleFilled,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleFilled,
  IconClockPause,
  IconEyeOff,
  IconFlagFilled,
  IconHeartbeat,
  IconInfoCircle,
  IconQuestionMark,
} from '@tabler/icons-react'
import type { CSSProperties, ReactNode } from 'react'
import type { Sensor, Severity, Status } from '../api/schema'
import { sentence } from '../logic/word'

export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'info' | 'good' | 'accent'

export function toneStyle(tone: Tone): CSSProperties {
  return { '--tone': `var(--${tone})`, '--tone-soft': `var(--${tone}-soft)` } as CSSProperties
}

export function Mark({
  tone,
  icon,
  children,
  filled,
}: {
  tone: Tone
  icon?: ReactNode
  children: ReactNode
  filled?: boolean
}) {
  return (
    <span className="mark" style={toneStyle(tone)} data-filled={filled || undefined}>
      {icon}
      {children}
    </span>
  )
}

const SEVERITY: Record<Severity, ReactNode> = {
  critical: <IconAlertOctagonFilled size={15} aria-hidden />,
  high: <IconAlertTriangleFilled size={15} aria-hidden />,
  medium: <IconFlagFilled size={15} aria-hidden />,
  low: <IconInfoCircle size={15} aria-hidden />,
  info: <IconCircleDashed size={15} aria-hidden />,
}
export function SeverityMark({ of, filled }: { of: Severity; filled?: boolean }) {
  return (
    <Mark tone={of} icon={SEVERITY[of]} filled={filled}>
      {sentence(of)}
    </Mark>
  )
}
export function severityIcon(of: Severity): ReactNode {
  return SEVERITY[of]
}

const STATUS: Record<Status, [Tone, ReactNode, string]> = {
  active: ['good', <IconCircleFilled key="i" size={9} aria-hidden />, 'Active'],
  silent: ['info', <IconClockPause key="i" size={14} aria-hidden />, 'Silent'],
  missing: ['critical', <IconAlertTriangleFilled key="i" size={14} aria-hidden />, 'Missing'],
  unheard: ['medium', <IconEyeOff key="i" size={14} aria-hidden />, 'Never heard'],
}
export function StatusMark({ of, filled }: { of: Status; filled?: boolean }) {
  const [tone, icon, word] = STATUS[of]
  // What is as it should be stays quiet, so that what is not stands out.
  if (of === 'active' && !filled) {
    return (
      <span className="mark" style={{ color: 'var(--ink-soft)', fontWeight: 450 }}>
        <span style={{ color: 'var(--good)', display: 'inline-flex' }}>{icon}</span>
        {word}
      </span>
    )
  }
  return (
    <Mark tone={tone} icon={icon} filled={filled}>
      {word}
    </Mark>
  )
}
export const STATUS_MEANING: Record<Status, string> = {
  active: 'Heard within what is usual for it.',
  silent: 'Quiet now, and that is usual for it.',
  missing: 'Was regular and went silent, while its network did not.',
  unheard: 'Known only because others speak of it, or because it calls to everybody; its own talks were never heard.',
}

const HEALTH: Record<Sensor['health'], [Tone, ReactNode, string]> = {
  good: ['good', <IconCircleCheckFilled key="i" size={15} aria-hidden />, 'Good'],
  dropping: ['high', <IconAlertTriangleFilled key="i" size={15} aria-hidden />, 'Losing packets'],
  behind: ['medium', <IconClockPause key="i" size={15} aria-hidden />, 'Behind'],
  silent: ['critical', <IconAlertOctagonFilled key="i" size={15} aria-hidden />, 'Silent'],
}
export function HealthMark({ of, filled }: { of: Sensor['health']; filled?: boolean }) {
  const [tone, icon, word] = HEALTH[of] ?? (['info', <IconQuestionMark key="i" size={15} aria-hidden />, of] as const)
  return (
    <Mark tone={tone} icon={icon} filled={filled}>
      {word}
    </Mark>
  )
}

export function LifeMark() {
  return (
    <Mark tone="critical" icon={<IconHeartbeat size={15} aria-hidden />} filled>
      Life supporting
    </Mark>
  )
}
