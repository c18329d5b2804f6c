// Choosing columns, and taking the list away as a file.
import { Button, Checkbox, Menu, ScrollArea } from '@mantine/core'
import { IconColumns3, IconDownload } from '@tabler/icons-react'
import { address } from '../../api/client'
import { IfMay } from '../../part/State'
import { COLUMNS, PRESET } from './columns'

export function ColumnChooser({ chosen, onChange }: { chosen: string[]; onChange: (columns: string[]) => void }) {
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id])
  return (
    <Menu closeOnItemClick={false} width={220} position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconColumns3 size={16} aria-hidden />} visibleFrom="sm">
          Columns
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <ScrollArea.Autosize mah={400}>
          {COLUMNS.filter((column) => column.id !== 'name').map((column) => (
            <Menu.Item
              key={column.id}
              role="menuitemcheckbox"
              aria-checked={chosen.includes(column.id)}
              onClick={() => toggle(column.id)}
              leftSection={<Checkbox.Indicator size="xs" checked={chosen.includes(column.id)} />}
            >
              {column.label}
            </Menu.Item>
          ))}
        </ScrollArea.Autosize>
        <Menu.Divider />
        <Menu.Item onClick={() => onChange(PRESET)}>As it was at first</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

const FORMATS = [
  ['csv', 'CSV, for spreadsheets'],
  ['xlsx', 'Excel'],
  ['jsonl', 'JSON lines, for programs'],
] as const

export function Export({ q }: { q: string }) {
  return (
    <IfMay to="export">
      <Menu width={210} position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map(([format, label]) => (
            <Menu.Item key={format} component="a" href={address('/devices/export', { q, format })} download>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </IfMay>
  )
}
