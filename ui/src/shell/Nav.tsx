// The pages, each shown to those who may open it.
import { Group, Stack, Text } from '@mantine/core'
import {
  IconActivityHeartbeat,
  IconAlertTriangle,
  IconAntenna,
  IconBuildingHospital,
  IconChartBar,
  IconHistory,
  IconHome,
  IconListDetails,
  IconSettings,
  IconShieldCheck,
  IconTopologyStar3,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Permission } from '../api/schema'
import { useSession } from '../api/session'

export const PAGES = [
  { to: '/', label: 'Overview', icon: IconHome, hint: 'What needs attention now' },
  { to: '/devices', label: 'Devices', icon: IconListDetails, need: 'device.read', hint: 'Every device on the network' },
  {
    to: '/findings',
    label: 'Findings',
    icon: IconAlertTriangle,
    need: 'device.read',
    hint: 'What is wrong, and what to do first',
  },
  { to: '/map', label: 'Map', icon: IconTopologyStar3, need: 'device.read', hint: 'Who talks to whom' },
  { to: '/places', label: 'Places', icon: IconBuildingHospital, need: 'device.read', hint: 'What is where' },
  { to: '/use', label: 'Use', icon: IconChartBar, need: 'usage.read', hint: 'How much devices are used' },
  { to: '/changes', label: 'Changes', icon: IconHistory, need: 'event.read', hint: 'What happened' },
  { to: '/sensors', label: 'Sensors', icon: IconAntenna, need: 'sensor.read', hint: 'What is heard and what is not' },
  { to: '/settings', label: 'Settings', icon: IconSettings, hint: 'People, channels, your account' },
  { to: '/audit', label: 'Audit', icon: IconShieldCheck, need: 'audit.read', hint: 'Who did what' },
] as const satisfies readonly { to: string; label: string; icon: unknown; need?: Permission; hint: string }[]

export function usePages() {
  const permissions = useSession().data?.permissions ?? []
  return PAGES.filter((page) => !('need' in page) || permissions.includes(page.need))
}

export function Nav() {
  return (
    <Stack gap={2} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
      {usePages().map(({ to, label, icon: Icon }) => (
        <li key={to}>
          <Link to={to} className="nav-link" activeOptions={{ exact: to === '/' }} search={{}}>
            <Icon size={18} stroke={1.7} aria-hidden />
            {label}
          </Link>
        </li>
      ))}
    </Stack>
  )
}

export function Brand() {
  return (
    <Link to="/" className="plain-link" aria-label="Medward, to the overview">
      <Group gap={7} wrap="nowrap">
        <IconActivityHeartbeat size={24} stroke={2} color="var(--accent)" aria-hidden />
        <Text fw={680} fz={17} visibleFrom="xs" component="span" style={{ letterSpacing: '-0.01em' }}>
          Medward
        </Text>
      </Group>
    </Link>
  )
}
