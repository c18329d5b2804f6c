// The search of devices, with completion by the server as one types.
import { ActionIcon, Combobox, Group, Text, TextInput, useCombobox } from '@mantine/core'
import { useDebouncedCallback, useDebouncedValue } from '@mantine/hooks'
import { IconSearch, IconX } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useEffect, useState } from 'react'
import { get } from '../api/client'
import type { Suggestion } from '../api/schema'
import { complete } from '../logic/query'

interface SearchBoxProps {
  value: string
  onSearch: (text: string) => void
  /** Enter was pressed: the list may take the focus. */
  onEnter?: () => void
  error?: string
  label?: string
  placeholder?: string
}

export function SearchBox({ value, onSearch, onEnter, error, label = 'Search devices', placeholder }: SearchBoxProps) {
  const [text, setText] = useState(value)
  const [asked] = useDebouncedValue(text, 120)
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() })
  const search = useDebouncedCallback(onSearch, 300)
  // What is searched for can change from outside: a facet, a view, the way back.
  useEffect(() => setText((now) => (now.trim() === value.trim() ? now : value)), [value])
  const { data } = useQuery({
    queryKey: ['complete', asked],
    queryFn: ({ signal }) => get<{ suggestions: Suggestion[] }>('/devices/complete', { text: asked || ' ' }, signal),
    enabled: box.dropdownOpened,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  })
  const suggestions = data?.suggestions ?? []
  const change = (next: string) => {
    setText(next)
    search(next.trim())
  }
  const choose = (insert: string) => {
    change(complete(text, insert))
    box.resetSelectedOption()
    if (!/[:<>]$/.test(insert)) box.closeDropdown()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      if (!box.dropdownOpened) (event.currentTarget as HTMLElement).blur()
      box.closeDropdown()
    }
    if (event.key === 'Enter' && box.getSelectedOptionIndex() < 0) {
      event.preventDefault()
      box.closeDropdown()
      onSearch(text.trim())
      onEnter?.()
    }
  }
  return (
    <Combobox store={box} onOptionSubmit={choose} withinPortal shadow="md">
      <Combobox.Target>
        <TextInput
          type="search"
          role="searchbox"
          aria-label={label}
          placeholder={placeholder ?? 'Search: a name, an address, category:"infusion pump" seen<24h'}
          leftSection={<IconSearch size={17} aria-hidden />}
          rightSection={
            text ? (
              <ActionIcon
                variant="subtle"
                color="gray"
                c="dimmed"
                aria-label="Clear the search"
                onClick={() => change('')}
              >
                <IconX size={16} aria-hidden />
              </ActionIcon>
            ) : null
          }
          value={text}
          error={error}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            change(event.currentTarget.value)
            box.openDropdown()
          }}
          onClick={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
          onKeyDown={onKeyDown}
        />
      </Combobox.Target>
      <Combobox.Dropdown hidden={suggestions.length === 0}>
        <Combobox.Options aria-label="Suggestions" mah={320} style={{ overflowY: 'auto' }}>
          {suggestions.map((suggestion) => (
            <Combobox.Option value={suggestion.insert} key={`${suggestion.kind} ${suggestion.insert}`}>
              <Group justify="space-between" wrap="nowrap" gap="md">
                <span className="cut">{suggestion.label}</span>
                <Text size="xs" c="dimmed" className="mono cut" component="span">
                  {suggestion.insert}
                </Text>
              </Group>
            </Combobox.Option>
          ))}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}
