// Addresses, names and times.
import { Box, CopyButton, Text, Tooltip, UnstyledButton } from '@mantine/core'
import type { ReactNode } from 'react'
import type { DeviceAnswer } from '../../api/schema'
import { sentence } from '../../logic/word'
import { Card } from '../../part/Layout'
import { Moment } from '../../part/Moment'

export function Facts({ answer: { device, summary } }: { answer: DeviceAnswer }) {
  const remarks = (device.remarks ?? []).map(sentence)
  const particulars = Object.entries(device.particulars ?? {})
  return (
    <Card title="Addresses and times">
      <Box component="dl" className="facts">
        <Fact label="IP addresses">{copies(device.ips)}</Fact>
        <Fact label="MAC addresses">{copies(device.macs)}</Fact>
        <Fact label="VLANs">{device.vlans.join(', ')}</Fact>
        <Fact label="Host names">{copies(device.hostnames)}</Fact>
        <Fact label="Other names">{copies(device.aliases)}</Fact>
        <Fact label="First heard">
          <Moment at={summary.first_seen} exact />
        </Fact>
        <Fact label="Last heard">
          <Moment at={summary.last_seen} exact />
        </Fact>
        {remarks.length > 0 && <Fact label="Remarks">{remarks.join(', ')}</Fact>}
        {particulars.map(([name, value]) => (
          <Fact key={name} label={sentence(name)}>
            {value}
          </Fact>
        ))}
        <Fact label="Identifier">{copies([device.id])}</Fact>
      </Box>
    </Card>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  const empty = children === '' || (Array.isArray(children) && children.length === 0)
  return (
    <>
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
        {empty ? '–' : children}
      </Text>
    </>
  )
}

function copies(values: string[]): ReactNode[] {
  return values.map((value) => (
    <CopyButton key={value} value={value}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : 'Copy'}>
          <UnstyledButton onClick={copy} className="mono copy" aria-label={`Copy ${value}`}>
            {value}
          </UnstyledButton>
        </Tooltip>
      )}
    </CopyButton>
  ))
}
