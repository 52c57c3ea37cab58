import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: {
      '@': new URL('./src', import.meta.url).pathname,
      // It throws wherever React's server condition is not set.
      'server-only': new URL('./tests/empty.ts', import.meta.url).pathname,
    },
  },
  test: { include: ['tests/**/*.test.ts'] },
})
