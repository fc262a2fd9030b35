// The program as it is shipped: bin/hoop and the bundle, of the sources as they are now. `dist/` where it is fresh, else a bundle of
// our own, so that no test runs yesterday's code.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const sourceFolders = ['bin', 'cli', 'server', 'shared']

let found: Promise<string> | undefined

/** @returns the path of `bin/hoop` to run with Node; the same all through one test process */
export function builtHoop(): Promise<string> {
  return found ??= isFresh() ? Promise.resolve(join(root, 'bin', 'hoop')) : bundled()
}

/** The sources and what bundles them. */
function inputs(): string[] {
  const sources = sourceFolders.flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => join(root, folder, file)).filter((file) => statSync(file).isFile()))
  return [...sources, join(root, 'build.mjs')]
}

function isFresh(): boolean {
  const outputs = ['cli.js', 'server.js'].map((name) => join(root, 'dist', name))
  if (!outputs.every(existsSync)) return false
  const built = Math.min(...outputs.map((file) => statSync(file).mtimeMs))
  return inputs().every((file) => statSync(file).mtimeMs <= built)
}

/** Named by what went in, and moved into place whole: several test processes may do this at once. */
async function bundled(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of inputs()) hash.update(file).update('\0').update(readFileSync(file)).update('\0')
  const cache = join(root, 'node_modules', '.cache', 'hoop')
  const folder = join(cache, hash.digest('hex').slice(0, 16))
  if (existsSync(folder)) return join(folder, 'bin', 'hoop')
  mkdirSync(cache, { recursive: true })
  const making = mkdtempSync(join(cache, 'making-'))
  await run(process.execPath, ['build.mjs', join(making, 'dist')], { cwd: root })
  cpSync(join(root, 'bin'), join(making, 'bin'), { recursive: true })
  symlinkSync(join(root, 'package.json'), join(making, 'package.json'))
  try {
    renameSync(making, folder)
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return join(folder, 'bin', 'hoop')
}
