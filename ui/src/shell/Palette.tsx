// The palette: pages, devices (asked of the server as one types) and actions, by keyboard.
import { Group, Text, useMantineColorScheme } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight, spotlight } from '@mantine/spotlight'
import { IconKeyboard, IconLogout, IconMoon, IconSearch, IconSun } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { get } from '../api/client'
import type { DeviceSummary, Page } from '../api/schema'
import { useMay, useSignOut } from '../api/session'
import { category } from '../logic/word'
import { StatusMark } from '../part/Mark'
import { usePages } from './Nav'

export const openPalette = () => spotlight.open()

interface Entry {
  id: string
  label: string
  hint?: string
  icon: ReactNode
  act: () => void
}

export function Palette({ showKeys }: { showKeys: () => void }) {
  const [text, setText] = useState('')
  const [asked] = useDebouncedValue(text.trim(), 150)
  const navigate = useNavigate()
  const signOut = useSignOut()
  const { setColorScheme } = useMantineColorScheme()
  const pages = usePages()
  const found = useQuery({
    queryKey: ['devices', 'palette', asked],
    queryFn: ({ signal }) => get<Page<DeviceSummary>>('/devices', { q: asked, limit: 8 }, signal),
    enabled: useMay('device.read') && asked.length > 0,
    placeholderData: keepPreviousData,
  })
  const fits = (entry: { label: string; hint?: string }) =>
    `${entry.label} ${entry.hint ?? ''}`.toLowerCase().includes(text.trim().toLowerCase())
  const places: Entry[] = pages.map(({ to, label, hint, icon: Icon }) => ({
    id: to,
    label,
    hint,
    icon: <Icon size={18} stroke={1.7} aria-hidden />,
    act: () => void navigate({ to, search: {} }),
  }))
  const actions: Entry[] = [
    { id: 'dark', label: 'Dark colours', icon: <IconMoon size={18} aria-hidden />, act: () => setColorScheme('dark') },
    {
      id: 'light',
      label: 'Light colours',
      icon: <IconSun size={18} aria-hidden />,
      act: () => setColorScheme('light'),
    },
    { id: 'keys', label: 'Show the keys', icon: <IconKeyboard size={18} aria-hidden />, act: showKeys },
    { id: 'out', label: 'Sign out', icon: <IconLogout size={18} aria-hidden />, act: () => void signOut() },
  ]
  const devices = asked && text.trim() ? (found.data?.items ?? []) : []
  const shownPages = places.filter(fits)
  const shownActions = actions.filter(fits)
  const all: Entry = {
    id: 'all',
    label: `All devices that match “${text.trim()}”`,
    icon: <IconSearch size={18} aria-hidden />,
    act: () => void navigate({ to: '/devices', search: { q: text.trim() } }),
  }
  return (
    <Spotlight.Root
      query={text}
      onQueryChange={setText}
      shortcut="mod + K"
      size="lg"
      maxHeight={480}
      scrollable
      clearQueryOnClose
    >
      <Spotlight.Search
        placeholder="Name, address, serial number, page, action"
        aria-label="Search everything"
        leftSection={<IconSearch size={18} aria-hidden />}
      />
      <Spotlight.ActionsList>
        {devices.length > 0 && (
          <Spotlight.ActionsGroup label="Devices">
            {devices.map((device) => (
              <Spotlight.Action
                key={device.id}
                onClick={() => void navigate({ to: '/devices/$id', params: { id: device.id } })}
              >
                <Group wrap="nowrap" gap="sm" w="100%" justify="space-between">
                  <span className="cut">
                    <Text span fw={550}>
                      {device.name}
                    </Text>{' '}
                    <Text span size="xs" c="dimmed">
                      {[category(device.category), device.vendor, device.model, device.ips[0], device.site]
                        .filter(Boolean)
                        .join(' · ')}
                    </Text>
                  </span>
                  <StatusMark of={device.status} />
                </Group>
              </Spotlight.Action>
            ))}
            <Choice entry={all} />
          </Spotlight.ActionsGroup>
        )}
        {shownPages.length > 0 && (
          <Spotlight.ActionsGroup label="Pages">
            {shownPages.map((entry) => (
              <Choice key={entry.id} entry={entry} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {shownActions.length > 0 && (
          <Spotlight.ActionsGroup label="Actions">
            {shownActions.map((entry) => (
              <Choice key={entry.id} entry={entry} />
            ))}
          </Spotlight.ActionsGroup>
        )}
        {devices.length + shownPages.length + shownActions.length === 0 && (
          <Spotlight.Empty>{found.isFetching ? 'Searching…' : 'Nothing found.'}</Spotlight.Empty>
        )}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  )
}

function Choice({ entry }: { entry: Entry }) {
  return (
    <Spotlight.Action onClick={entry.act}>
      <Group gap="sm" wrap="nowrap">
        {entry.icon}
        <span>
          {entry.label}{' '}
          {entry.hint && (
            <Text span size="xs" c="dimmed">
              {entry.hint}
            </Text>
          )}
        </span>
      </Group>
    </Spotlight.Action>
  )
}
