// The shipped program's help: complete for each command, the same one-liner everywhere, and fast because little is loaded.
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtHoop } from '../support/built.ts'
import { until } from '../support/until.ts'
import { Kept } from '../support/kept.ts'

const commands = [
  'demo',
  'login',
  'logout',
  'whoami',
  'profiles',
  'profiles use',
  'profiles remove',
  'targets',
  'connect',
  'sessions',
  'query',
  'reviews',
  'reviews show',
  'reviews approve',
  'reviews reject',
  'reviews watch',
  'reviews reason',
  'reviews withdraw',
  'reviews expire',
  'sessions show',
  'audit verify',
  'audit search',
  'audit reconcile',
  'audit report',
  'audit export status',
  'policy explain',
  'policy check',
  'policy suggest',
  'policy test',
  'policy diff',
  'tokens create',
  'tokens list',
  'tokens revoke',
  'users list',
  'users disable',
  'users enable',
  'audit prove',
  'audit check',
  'audit open',
  'audit identity',
  'audit redact',
  'audit prune',
  'sessions replay',
  'sessions follow',
  'sessions kill',
  'witness init',
  'witness start',
  'gateway init',
  'gateway check',
  'gateway start',
  'completion',
  'doctor'
]

let hoop: string
let folder: string
beforeAll(async () => {
  hoop = await builtHoop()
  folder = mkdtempSync(join(tmpdir(), 'hoop-help-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const env = () => ({ PATH: process.env.PATH, HOME: folder, HOOP_CONFIG_DIR: folder, HOOP_KEYCHAIN: 'off' })
const said = (args: readonly string[]) =>
  execFileSync(process.execPath, [hoop, ...args], { env: env(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

describe('help', () => {
  test.each(commands)('of %s: one sentence, usage, three examples, see also', (command) => {
    const words = command.split(' ')
    const help = said([...words, '--help'])
    expect(help).toMatch(new RegExp(`^Usage: hoop ${command}`))
    expect(help.split('\n')[2]).toMatch(/^[A-Z].*$/)
    const examples = /\nExamples:\n((?: {2}.+\n)+)/.exec(help)?.[1]?.match(/^ {2}\S.*$/gm) ?? []
    expect(examples.length).toBeGreaterThanOrEqual(3)
    expect(help).toMatch(/\nSee also: hoop /)
    expect(said(['help', ...words])).toBe(help)
    for (const line of help.split('\n').filter((found) => !/^ {2}(?:hoop|HOOP|openssl|cat|source) ?/.test(found))) expect(line.length).toBeLessThanOrEqual(80)
  })

  test('lists every command, with nothing asked of the machine', () => {
    const help = said([])
    for (const command of commands) expect(help).toMatch(new RegExp(`^ {2}${command.split(' ')[0]} `, 'm'))
    expect(said(['--help'])).toBe(help)
    expect(said(['help', 'gateway'])).toBe(said(['gateway', '--help']))
    expect(said(['help', 'help'])).toBe(help)
    expect(said(['sessions', '--help'])).not.toContain('[options] <id>')
    expect(said(['audit', 'search', '--help'])).not.toContain('default: []')
  })

  test('has topics', () => {
    expect(said(['help', 'exit-codes'])).toMatch(/^ {2}64 {4}wrong usage$/m)
    expect(said(['help', 'environment'])).toContain('HOOP_TOKEN_FILE')
  })

  test('loads nothing but commander, and a command\'s own words nothing at all', () => {
    const dist = join(dirname(dirname(hoop)), 'dist')
    expect(packagesOf(dist, 'cli.js')).toEqual(['commander'])
    for (const name of ['connect', 'query', 'reviews', 'approve', 'reject', 'watch', 'targets', 'sessions', 'show', 'verify', 'create', 'login', 'whoami', 'init', 'start', 'explain', 'check', 'suggest', 'completion', 'complete', 'doctor']) {
      const chunks = readdirSync(dist).filter((file) => new RegExp(`^${name}-[A-Z0-9]{8}\\.js$`).test(file))
      expect(chunks.length).toBeGreaterThan(0)
      for (const chunk of chunks) expect(packagesOf(dist, chunk).filter((found) => found !== 'commander')).toEqual([])
    }
    // Were they to be seen by nobody, the lines above would prove nothing.
    expect(packagesOf(dist, 'server.js')).toEqual(expect.arrayContaining(['zod', 'ws']))
  })
})

/** Packages that running a file of the bundle loads before anything is asked of it: static imports, through all chunks. */
function packagesOf(dist: string, entry: string): string[] {
  const packages = new Set<string>()
  const seen = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, name] of readFileSync(join(dist, file), 'utf8').matchAll(/^(?:import|export)\b[^"';]*?(?:from )?"([^"]+)";/gm)) {
      if (name!.startsWith('./')) visit(name!.slice(2))
      else if (!name!.startsWith('node:')) packages.add(name!.split('/').slice(0, name!.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  visit(entry)
  return [...packages].sort()
}

describe('the starter', () => {
  test('says what to do when nothing is built', async () => {
    cpSync(dirname(hoop), join(folder, 'bin'), { recursive: true })
    const told = await new Promise<{ code: unknown, stderr: string }>((resolve) => {
      execFile(process.execPath, [join(folder, 'bin', 'hoop')], { env: env() }, (error, _, stderr) => resolve({ code: error?.code, stderr }))
    })
    expect(told).toEqual({ code: 1, stderr: 'hoop: error: hoop is not built yet\nhoop: hint: in the folder of its source: npm run build\n' })
  })

  test('says which Node it needs to one that is too old', () => {
    const source = readFileSync(hoop, 'utf8')
    expect(source).toMatch(/^#!\/usr\/bin\/env node\n/)
    // No syntax an old Node stumbles over before it gets to the check.
    expect(source.replace(/import\('/, '')).not.toMatch(/=>|\bconst\b|\blet\b|`|\bawait\b|^import /m)
  })

  test('SIGUSR1 opens no inspector, and SIGTERM ends what waits for an answer', async () => {
    const silent = createServer((socket) => { socket.on('error', () => undefined) }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const asked = once(silent, 'connection')
    const { port } = silent.address() as { port: number }
    const child = new Kept(process.execPath, [hoop, 'targets'], {
      env: { ...env(), HOOP_GATEWAY: `http://127.0.0.1:${port}`, HOOP_TOKEN: 'hoop_st_x' }
    })
    await asked
    process.kill(await child.pid, 'SIGUSR1')
    const opened = await until('an inspector', () => child.stderr.includes('Debugger listening'), 500).catch(() => false)
    expect(opened).toBe(false)
    expect(await child.end('TERM')).toBe(2)
    expect(child.stderr).toBe('hoop: error: ended by SIGTERM\n')
    silent.close()
  })
})
