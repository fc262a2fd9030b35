// `hoop demo` as a newcomer runs it: to its end, on a terminal, interrupted, with a step that fails; nothing of it may be left.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clinic } from '../../cli/demo/clinic.ts'
import { builtHoop } from '../support/built.ts'
import { Kept, type KeptOptions } from '../support/kept.ts'
import { until } from '../support/until.ts'

const amRoot = process.getuid?.() === 0
const psql = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'psql')).find(existsSync)

let hoop: string
let home: string
beforeAll(async () => { hoop = await builtHoop() })
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hoop-demo-home-'))
  execFileSync('chmod', ['755', home])
  mkdirSync(join(home, 'tmp'))
  execFileSync('chmod', ['1777', join(home, 'tmp')])
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const env = () => ({ PATH: process.env.PATH, HOME: home, TMPDIR: join(home, 'tmp'), LANG: 'C.UTF-8' })
const demo = (args: readonly string[] = [], options: KeptOptions = {}) => new Kept(process.execPath, [hoop, 'demo', ...args], { env: env(), cwd: home, ...options })
const left = () => readdirSync(join(home, 'tmp'))
/** Processes whose command line or folder is in this demo's home. */
const running = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
  const cwd = spawnSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).stdout
  return cwd.includes(`${home}/tmp/`)
})

function expectWholeRun(stdout: string): void {
  for (const name of ['database', 'gateway', 'login', 'port', 'client', 'statements', 'review', 'record', 'proof']) expect(stdout).toMatch(new RegExp(`^ +\\d+\\.\\d s  ${name} `, 'm'))
  // A result, a native refusal in its place, and the connection lives on.
  expect(stdout).toMatch(/department +visits +average\n[\s\S]*\(3 rows\)/)
  expect(stdout).toMatch(/> delete from prescriptions\n +ERROR: {2}42501: /)
  expect(stdout).toMatch(new RegExp(`> select count\\(\\*\\) as still_there from prescriptions\n +still_there\n +${clinic().prescriptions.length}\n`))
  // Of a patient only what may be seen: the rows are there, the values are not.
  const patient = clinic().patients.find(({ mrn }) => mrn === 'MRN-100294')!
  expect(stdout).toMatch(new RegExp(`\\*\\*\\*${String(patient.ssn).slice(-4)} +${String(patient.dob).slice(0, 4)}-01-01 +\\*\\*\\* +\\d{4}-`))
  for (const hidden of [patient.ssn, patient.dob, patient.phone, `${patient.given_name} ${patient.family_name}`]) expect(stdout).not.toContain(String(hidden))
  expect(stdout).toMatch(/> select count\(\*\) from patients where ssn like '9%'\n +ERROR: {2}42501: .*ssn/)
  expect(stdout).toMatch(/statement\.intent +allow \(engineers may read\), masking public\.patients\.dob, .*public\.patients\.ssn: select given_name/i)
  // What the log says: the constants are not in it, the refusal is.
  expect(stdout).toMatch(/statement\.intent +allow \(engineers may read\): select department/i)
  expect(stdout).toMatch(/decision +deny \(nobody empties a table by accident\): delete from/i)
  // One statement waited for somebody else, and then ran as it was.
  expect(stdout).toMatch(/review [a-z0-9]{26}: alice@clinic\.example asks dba for: update visits set charge = \? where id = \$1\n +bob@clinic\.example approves: /)
  expect(stdout).toMatch(/> update visits set charge = 0 where id = \$1 .*\n +NOTICE: {2}waiting for a review by dba: [a-z0-9]{26}\n +UPDATE 1\n/)
  expect(stdout).toMatch(/review\.release +[a-z0-9]{26}, approved by bob@clinic\.example/)
  expect(stdout).not.toMatch(/statement\.intent.*MRN-/)
  expect(stdout).toMatch(/whole: every entry is there/)
  const [, entries] = /log demo\.clinic\.example: (\d+) entries/.exec(stdout)!
  expect(stdout).toContain(`the first ${entries} entries are those the log's key has signed`)
}

describe('hoop demo', () => {
  test('away from a terminal it runs to its end and leaves nothing', async () => {
    const run = demo()
    expect({ code: await run.exited, stderr: run.stderr }).toMatchObject({ code: 0 })
    expectWholeRun(run.stdout)
    expect(left()).toEqual([])
    expect(running()).toEqual([])
    expect(readdirSync(home)).toEqual(['tmp'])
  }, 60_000)

  test.runIf(amRoot)('as an ordinary user it does the same (needs root to become one)', async () => {
    // The bundle may lie where only root looks; the packages it finds through a link.
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(dirname(hoop), '..', part), join(home, 'program', part), { recursive: true, dereference: true })
    execFileSync('chmod', ['-R', 'a+rX', join(home, 'program')])
    const packages = join(home, 'program', 'node_modules')
    symlinkSync(join(import.meta.dirname, '..', '..', 'node_modules'), packages)
    const run = new Kept(process.execPath, [join(home, 'program', 'bin', 'hoop'), 'demo'], { env: env(), cwd: home, uid: 65534, gid: 65534 })
    expect({ code: await run.exited, stderr: run.stderr }).toMatchObject({ code: 0 })
    expectWholeRun(run.stdout)
    expect(left()).toEqual([])
  }, 60_000)

  test('variables of hoop and of PostgreSQL do not lead it astray', async () => {
    const run = demo([], {
      env: { ...env(), HOOP_GATEWAY: 'https://hoop.example', HOOP_TOKEN: 'hoop_st_secret', PGHOST: '/nowhere', PGPORT: '1', PGSSLMODE: 'require', PGUSER: 'x', PGDATABASE: 'y', PGDATA: '/nowhere' }
    })
    expect({ code: await run.exited, stderr: run.stderr }).toMatchObject({ code: 0 })
    expectWholeRun(run.stdout)
    expect(run.stdout + run.stderr).not.toContain('hoop_st_secret')
  }, 60_000)

  test('--keep leaves configuration and log, and no secret in the configuration', async () => {
    const run = demo(['--keep'])
    expect(await run.exited).toBe(0)
    const [, folder] = /everything it wrote is in (\S+)/.exec(run.stderr)!
    expect(readFileSync(join(folder!, 'hoop.yaml'), 'utf8')).toContain('password: env:DEMO_ALICE')
    const verified = spawnSync(process.execPath, [hoop, 'audit', 'verify', join(folder!, 'audit')], { encoding: 'utf8', env: { ...process.env, HOOP_CONFIG_DIR: home } })
    expect(verified.status).toBe(0)
    expect(running()).toEqual([])
  }, 60_000)

  test.each([['INT', 'gateway'], ['TERM', 'database'], ['HUP', 'login']] as const)('SIG%s after the step "%s" ends everything', async (signal, after) => {
    const run = demo()
    await run.line(new RegExp(`s  ${after} `))
    run.signal(signal)
    expect(await run.exited).toBe(2)
    expect(left()).toEqual([])
    expect(running()).toEqual([])
  }, 60_000)

  test('killed without warning, it still leaves no process', async () => {
    const run = demo()
    await run.line(/s {2}gateway /)
    expect(running().length).toBeGreaterThan(1)
    run.signal('KILL')
    await run.exited
    await until('database and gateway to end', () => running().length === 0)
  }, 60_000)

  test('a step that fails is named, with its reason, and ends everything', async () => {
    // Files may not grow beyond 64 KiB, so initdb cannot do its work.
    const run = new Kept('prlimit', ['--fsize=65536', process.execPath, hoop, 'demo'], { env: env(), cwd: home })
    expect(await run.exited).toBe(1)
    expect(run.stderr).toMatch(/error: the step "database" failed: initdb/)
    expect(left()).toEqual([])
    expect(running()).toEqual([])
  }, 60_000)

  test('on a terminal it stays open for native clients, until Ctrl-C', async () => {
    const run = new Kept('script', ['-qefc', `stty cols 1000; exec "${process.execPath}" "${hoop}" demo`, '/dev/null'], { env: { ...env(), TERM: 'xterm' }, cwd: home })
    try {
      await run.line(/Ctrl-C ends it all/, { limitMilliseconds: 40_000 })
      const [command] = /psql "host=[^\r\n]+/.exec(run.stdout)!
      if (psql === undefined) console.warn('hoop demo: its psql line is not tried, for there is no psql on this machine')
      else {
        const answer = spawnSync('sh', ['-c', `${command} -Atc "select count(*) from patients" -c "drop table patients"`], { encoding: 'utf8', env: env() })
        expect(answer.stdout).toBe('1200\n')
        expect(answer.stderr).toMatch(/ERROR/)
      }
      const demoPid = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && commandLine(pid).join(' ') === `${process.execPath} ${hoop} demo`)
      process.kill(Number(demoPid), 'SIGINT')
      expect(await run.exited).toBe(0)
      expectWholeRun(plain(run.stdout))
      expect(left()).toEqual([])
      expect(running()).toEqual([])
    } finally {
      await run.end('TERM')
    }
  }, 90_000)
})

/** Without what a terminal acts on. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r\n/g, '\n').replace(/^.*\r/gm, '')
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}
