// Settings: one's own account, and what administrators look after.
import { Tabs } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import type { Permission } from '../../api/schema'
import { useSession } from '../../api/session'
import { Sheet } from '../../part/Layout'
import { Forbidden, Loading } from '../../part/State'

const PARTS = [
  { id: 'account', label: 'Your account', page: lazy(() => import('./Account')) },
  { id: 'people', label: 'People', need: 'people.manage', page: lazy(() => import('./People')) },
  {
    id: 'single-sign-on',
    label: 'Single sign-on',
    need: 'setting.write',
    page: lazy(() => import('./SingleSignOn')),
  },
  { id: 'tokens', label: 'Access tokens', need: 'token.manage', page: lazy(() => import('./Tokens')) },
  { id: 'channels', label: 'Alerts', need: 'channel.manage', page: lazy(() => import('./Channels')) },
  {
    id: 'integrations',
    label: 'Equipment list',
    need: 'integration.manage',
    page: lazy(() => import('./Integrations')),
  },
  { id: 'identities', label: 'Identities', need: 'device.identity', page: lazy(() => import('./Identities')) },
  { id: 'storage', label: 'Storage', need: 'setting.read', page: lazy(() => import('./Storage')) },
] as const satisfies readonly { id: string; label: string; need?: Permission; page: unknown }[]

export function Settings() {
  const { part = 'account' } = useSearch({ from: '/settings' })
  const navigate = useNavigate({ from: '/settings' })
  const permissions = useSession().data?.permissions ?? []
  const narrow = useMediaQuery('(max-width: 800px)', false, { getInitialValueInEffect: false })
  const open = PARTS.filter((one) => !('need' in one) || permissions.includes(one.need))
  const shown = open.some((one) => one.id === part)
  return (
    <Sheet title="Settings">
      <Tabs
        value={shown ? part : null}
        onChange={(next) => void navigate({ search: { part: next ?? undefined } })}
        orientation={narrow ? 'horizontal' : 'vertical'}
        variant="pills"
        keepMounted={false}
        color="accent"
      >
        <Tabs.List w={narrow ? undefined : 170} style={narrow ? { flexWrap: 'nowrap', overflowX: 'auto' } : undefined}>
          {open.map((one) => (
            <Tabs.Tab key={one.id} value={one.id} style={{ flex: 'none' }}>
              {one.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {open.map((one) => (
          <Tabs.Panel key={one.id} value={one.id} pl={narrow ? 0 : 'lg'} pt={narrow ? 'md' : 0} miw={0}>
            <Suspense fallback={<Loading />}>
              <one.page />
            </Suspense>
          </Tabs.Panel>
        ))}
        {!shown && <Forbidden what="this part of the settings" />}
      </Tabs>
    </Sheet>
  )
}
