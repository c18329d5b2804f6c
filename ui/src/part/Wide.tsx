// A table that scrolls sideways where it does not fit, by keyboard, too.
import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

export function Wide({ least, label, children }: { least: number; label: string; children: ReactNode }) {
  return (
    <Table.ScrollContainer
      minWidth={least}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'group', 'aria-label': label } }}
    >
      {children}
    </Table.ScrollContainer>
  )
}
