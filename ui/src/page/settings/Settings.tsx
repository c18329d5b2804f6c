// Settings: one's own account, people, tokens, where alerts go, how long things are kept.
import { Tabs } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Permission } from '../../api/schema'
import { useSession } from '../../api/session'
import { Sheet } from '../../part/Layout'
import { Account } from './Account'
import { Channels } from './Channels'
import { Keeping } from './Keeping'
import { Maintenance } from './Maintenance'
import { People } from './People'
import { Tokens } from './Tokens'

const PARTS: { id: string; label: string; needs?: Permission; shown: () => React.ReactNode }[] = [
  { id: 'account', label: 'Your account', shown: () => <Account /> },
  { id: 'people', label: 'People', needs: 'people.manage', shown: () => <People /> },
  { id: 'tokens', label: 'Tokens', needs: 'token.manage', shown: () => <Tokens /> },
  { id: 'alerts', label: 'Alerts', needs: 'channel.manage', shown: () => <Channels /> },
  { id: 'cmms', label: 'Maintenance list', needs: 'integration.manage', shown: () => <Maintenance /> },
  { id: 'keeping', label: 'What is kept', needs: 'setting.read', shown: () => <Keeping /> },
]

export function Settings() {
  const may = useSession().data?.permissions ?? []
  const part = useSearch({ from: '/settings' }).part ?? 'account'
  const navigate = useNavigate({ from: '/settings' })
  const shown = PARTS.filter((one) => !one.needs || may.includes(one.needs))
  return (
    <Sheet title="Settings">
      <Tabs
        value={shown.some((one) => one.id === part) ? part : 'account'}
        onChange={(next) => void navigate({ search: { part: next ?? undefined }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {shown.map((one) => (
            <Tabs.Tab key={one.id} value={one.id}>
              {one.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown.map((one) => (
          <Tabs.Panel key={one.id} value={one.id}>
            {one.shown()}
          </Tabs.Panel>
        ))}
      </Tabs>
    </Sheet>
  )
}
