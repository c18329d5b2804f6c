// What the keys do.
import { Modal, Table } from '@mantine/core'

const KEYS: [string[], string][] = [
  [['Ctrl K', '⌘ K'], 'Search devices, pages and actions'],
  [['/'], 'Go to the search of the page'],
  [['↑', '↓', 'j', 'k'], 'Move in a table'],
  [['Home', 'End'], 'First and last row'],
  [['Enter'], 'Open the row'],
  [['Space', 'x'], 'Choose the row'],
  [['Esc'], 'Close, or leave the search'],
  [['?'], 'Show these keys'],
]

export function Keys({ opened, close }: { opened: boolean; close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Keys">
      <Table withRowBorders={false}>
        <Table.Thead className="hidden">
          <Table.Tr>
            <Table.Th>Key</Table.Th>
            <Table.Th>What it does</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {KEYS.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td w={150}>
                {keys.map((key) => (
                  <kbd key={key} style={{ marginRight: 5 }}>
                    {key}
                  </kbd>
                ))}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  )
}
