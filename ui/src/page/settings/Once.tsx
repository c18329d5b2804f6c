// Something that is shown once, to be copied now.
import { Alert, Button, Code, CopyButton, Group } from '@mantine/core'

export function Once({ title, value, close }: { title: string; value: string; close: () => void }) {
  return (
    <Alert color="teal" variant="light" title={title} c="var(--ink)" role="status">
      <Group gap="sm">
        <Code tabIndex={0} fz="sm" style={{ overflowWrap: 'anywhere' }}>
          {value}
        </Code>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button size="compact-sm" variant="subtle" onClick={close}>
          I have it
        </Button>
      </Group>
    </Alert>
  )
}
