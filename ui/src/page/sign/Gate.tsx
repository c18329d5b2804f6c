// The quiet page around signing in.
import { Box, Center, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconActivityHeartbeat } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { SchemeSwitch } from '../../shell/SchemeSwitch'

export function Gate({ title, children, sub }: { title: string; children: ReactNode; sub?: ReactNode }) {
  useDocumentTitle(`${title} · Medward`)
  return (
    <Box component="main" mih="100vh" pos="relative">
      <Box pos="absolute" top={10} right={12}>
        <SchemeSwitch />
      </Box>
      <Center mih="100vh" p="md">
        <Stack w="100%" maw={400} gap="lg">
          <Group gap={8} justify="center">
            <IconActivityHeartbeat size={30} stroke={2} color="var(--accent)" aria-hidden />
            <Text fw={680} fz={22}>
              Medward
            </Text>
          </Group>
          <Paper withBorder p="lg" radius="lg" bg="var(--card)" style={{ borderColor: 'var(--line)' }}>
            <Title order={1} size="h2" fz={19}>
              {title}
            </Title>
            {sub && (
              <Text c="dimmed" size="sm" mt={4} component="div">
                {sub}
              </Text>
            )}
            <Box mt="md">{children}</Box>
          </Paper>
        </Stack>
      </Center>
    </Box>
  )
}
