// How the interface is built: into ui/dist, which the monitor embeds and serves under a strict content security policy.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The names of kinds of devices come from the catalogue, so that they are written in one place only.
function categories() {
  const name = 'virtual:categories'
  const path = fileURLToPath(new URL('../catalog/categories.toml', import.meta.url))
  return {
    name: 'medward-categories',
    resolveId: (id: string) => (id === name ? `\0${name}` : undefined),
    load(id: string) {
      if (id !== `\0${name}`) return undefined
      const kinds: Record<string, string> = {}
      for (const entry of readFileSync(path, 'utf8').split('[[category]]').slice(1)) {
        const slug = /^slug = "(.*)"$/m.exec(entry)?.[1]
        const label = /^label = "(.*)"$/m.exec(entry)?.[1]
        if (slug && label) kinds[slug] = label
      }
      return `export default ${JSON.stringify(kinds)}`
    },
  }
}

export default defineConfig({
  plugins: [react(), categories()],
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  worker: { format: 'es' },
  server: { proxy: { '/api': 'http://127.0.0.1:4180' } },
  test: { include: ['src/**/*.test.ts'] },
})
