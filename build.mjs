// Bundles the two halves into dist/: entry points stay small, heavy parts load on demand (splitting),
// packages stay in node_modules. Run by `npm run build`, by npm itself after `npm ci`, and by tests with a folder of their own.
import { rmSync } from 'node:fs'
import { build } from 'esbuild'

const [outdir = 'dist'] = process.argv.slice(2)
rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: { cli: 'cli/main.ts', server: 'server/main.ts' },
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning'
})
