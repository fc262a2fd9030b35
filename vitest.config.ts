import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Two cores, and real servers behind most files: more workers only make each other wait.
    maxWorkers: 2
  }
})
