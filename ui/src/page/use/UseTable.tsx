// Use by group or device, with a judgement in words where one is due.

import { Box, Table, Text } from '@mantine/core'
import { IconFlame, IconZzz } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { UseGroup, UseRow } from '../../api/schema'
import { count, percent } from '../../logic/amount'
import { term } from '../../logic/query'
import { category } from '../../logic/word'
import { Mark } from '../../part/Mark'
import { Moment } from '../../part/Moment'
import { Scroll } from '../../part/Scroll'
import { WeekLine } from '../../part/Week'

/** Hours a day above which a device is called overloaded, and below which it is called idle. */
const OVERLOADED = 16
const IDLE = 0.25

export function UseTable({ rows, group, days }: { rows: UseRow[]; group: UseGroup; days: number }) {
  const single = group === 'device'
  const top = Math.max(0.1, ...rows.map((row) => perDay(row, days)))
  return (
    <Scroll>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th pl="md">{single ? 'Device' : 'Group'}</Table.Th>
            {!single && <Table.Th ta="right">Used</Table.Th>}
            <Table.Th style={{ minWidth: 190 }}>Hours a day{single ? '' : ', each'}</Table.Th>
            <Table.Th ta="right">Actions</Table.Th>
            <Table.Th>Last used</Table.Th>
            <Table.Th>Week, Monday to Sunday</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => {
            const hours = perDay(row, days)
            const label = group === 'category' ? category(row.label) : row.label || 'Not known'
            return (
              <Table.Tr key={row.key}>
                <Table.Td pl="md" style={{ minWidth: 150 }}>
                  <Name row={row} group={group} label={label} />
                </Table.Td>
                {!single && (
                  <Table.Td ta="right" style={{ whiteSpace: 'nowrap' }}>
                    {count(row.used)} of {count(row.devices)}
                    <Text size="xs" c="dimmed">
                      {percent(row.devices ? row.used / row.devices : 0)}
                    </Text>
                  </Table.Td>
                )}
                <Table.Td>
                  <Box style={{ display: 'flex', alignItems: 'center', gap: 8 }}>
                    <Text span size="sm" w={40} ta="right" fw={550}>
                      {hours.toFixed(1)}
                    </Text>
                    <Box w={70} h={8} style={{ borderRadius: 4, background: 'var(--heat-0)' }} aria-hidden>
                      <Box
                        h={8}
                        w={`${(hours / top) * 100}%`}
                        style={{ borderRadius: 4, background: 'var(--accent)' }}
                      />
                    </Box>
                    {hours >= OVERLOADED ? (
                      <Mark tone="high" icon={<IconFlame size={14} aria-hidden />}>
                        Overloaded
                      </Mark>
                    ) : hours < IDLE ? (
                      <Mark tone="info" icon={<IconZzz size={14} aria-hidden />}>
                        Idle
                      </Mark>
                    ) : null}
                  </Box>
                </Table.Td>
                <Table.Td ta="right">{count(row.actions)}</Table.Td>
                <Table.Td>
                  <Moment at={row.last_used} />
                </Table.Td>
                <Table.Td>
                  <WeekLine week={row.week} label={`Use of ${label} through the week`} />
                </Table.Td>
              </Table.Tr>
            )
          })}
        </Table.Tbody>
      </Table>
    </Scroll>
  )
}

function perDay(row: UseRow, days: number): number {
  return row.devices ? row.hours / row.devices / days : 0
}

function Name({ row, group, label }: { row: UseRow; group: UseGroup; label: string }) {
  if (group === 'device') {
    return (
      <Link to="/devices/$id" params={{ id: row.key }} search={{ tab: 'use' }} className="device-link">
        {label}
      </Link>
    )
  }
  if (!row.key) return <span>{label}</span>
  return (
    <Link to="/use" search={(old) => ({ ...old, group: 'device', q: term(group, row.key) })} className="device-link">
      {label}
    </Link>
  )
}
