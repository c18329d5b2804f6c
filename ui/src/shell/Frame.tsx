// The frame: navigation at the left, search and account at the top, the page in the middle.
import { ActionIcon, AppShell, Box, Burger, Group, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { IconKeyboard, IconSearch } from '@tabler/icons-react'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect } from 'react'
import { AccountMenu } from './AccountMenu'
import { Keys } from './Keys'
import { LiveMark } from './LiveMark'
import { Brand, Nav } from './Nav'
import { openPalette, Palette } from './Palette'
import { SchemeSwitch } from './SchemeSwitch'

export function Frame() {
  const [menu, { toggle, close }] = useDisclosure(false)
  const [keys, { open: openKeys, close: closeKeys }] = useDisclosure(false)
  const path = useRouterState({ select: (state) => state.location.pathname })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes whenever the page changes
  useEffect(close, [path])
  useHotkeys([
    ['shift+?', openKeys],
    ['/', focusSearch],
  ])
  return (
    <AppShell
      header={{ height: 54 }}
      navbar={{ width: 208, breakpoint: 'md', collapsed: { mobile: !menu } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header px="md" bg="var(--card)">
        <Group h="100%" wrap="nowrap" gap="sm" justify="space-between">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={menu}
              onClick={toggle}
              hiddenFrom="md"
              size="sm"
              aria-label={menu ? 'Close the menu' : 'Open the menu'}
            />
            <Brand />
          </Group>
          <SearchButton />
          <Group gap={4} wrap="nowrap">
            <LiveMark />
            <ActionIcon
              variant="subtle"
              color="gray"
              c="dimmed"
              size="lg"
              onClick={openKeys}
              aria-label="Keyboard keys"
              visibleFrom="sm"
            >
              <IconKeyboard size={19} stroke={1.6} aria-hidden />
            </ActionIcon>
            <SchemeSwitch />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" bg="var(--card)" aria-label="Pages">
        <Nav />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
      <Palette showKeys={openKeys} />
      <Keys opened={keys} close={closeKeys} />
    </AppShell>
  )
}

/** "/" goes to the page's own search, where there is one, else to the palette. */
function focusSearch() {
  const own = document.querySelector<HTMLInputElement>('main input[type="search"]')
  if (own) {
    own.focus()
    own.select()
  } else openPalette()
}

function SearchButton() {
  return (
    <UnstyledButton
      onClick={openPalette}
      px={{ base: 8, sm: 12 }}
      h={34}
      maw={460}
      flex={{ base: '0 0 auto', sm: 1 }}
      ml={{ base: 'auto', sm: 0 }}
      style={{ border: '1px solid var(--line-strong)', borderRadius: 8, background: 'var(--ground)' }}
    >
      <Group gap={8} wrap="nowrap" h="100%">
        <IconSearch size={16} stroke={1.8} aria-hidden color="var(--ink-soft)" />
        <Text c="dimmed" size="sm" flex={1} className="search-words">
          Search devices, pages, actions
        </Text>
        <Box visibleFrom="sm" aria-hidden="true">
          <kbd>{/mac/i.test(navigator.platform) ? '⌘ K' : 'Ctrl K'}</kbd>
        </Box>
      </Group>
    </UnstyledButton>
  )
}
