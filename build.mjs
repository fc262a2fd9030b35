// Bundles the two halves into dist/: entry points stay small, heavy parts load on demand (splitting),
// packages stay in node_modules. Run by `npm run build`, and by npm itself after `npm ci`.
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: { cli: 'cli/main.ts', server: 'server/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning'
})
