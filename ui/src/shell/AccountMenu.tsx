// Who is signed in, and the way out.
import { ActionIcon, Menu, Text } from '@mantine/core'
import { IconLogout, IconUserCircle } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useSession, useSignOut } from '../api/session'
import { role } from '../logic/word'

export function AccountMenu() {
  const person = useSession().data?.person
  const signOut = useSignOut()
  const navigate = useNavigate()
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          c="dimmed"
          size="lg"
          aria-label={`Account of ${person?.display ?? 'you'}`}
        >
          <IconUserCircle size={21} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {person && (
          <Menu.Label>
            <Text size="sm" fw={600} c="var(--ink)">
              {person.display}
            </Text>
            <Text size="xs" c="dimmed">
              {role(person.role)} · {person.sites ? person.sites.join(', ') : 'all sites'}
            </Text>
          </Menu.Label>
        )}
        <Menu.Item
          leftSection={<IconUserCircle size={16} aria-hidden />}
          onClick={() => void navigate({ to: '/settings', search: { part: 'account' } })}
        >
          Your account
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
