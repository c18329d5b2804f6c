// Something to copy that is shown only once.
import { Box, Button, Code, CopyButton, Group } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'

export function Secret({ value, label }: { value: string; label: string }) {
  return (
    <Box>
      <Code block fz="sm" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }} aria-label={label} tabIndex={0}>
        {value}
      </Code>
      <Group justify="flex-end" mt={6}>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              size="compact-sm"
              leftSection={copied ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
              onClick={copy}
            >
              {copied ? 'Copied' : `Copy the ${label.toLowerCase()}`}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Box>
  )
}
