// The keychain: a real gnome-keyring on a session bus of its own, and the ways in which there is none.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const child = join(import.meta.dirname, 'keychain-child.ts')
const tools = ['dbus-run-session', 'gnome-keyring-daemon']
const missing = tools.filter((tool) => !(process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool))))
if (missing.length > 0) console.warn(`keychain: the tests with a real keyring are skipped, for ${missing.join(' and ')} is not installed`)

/** What the child found out, one step after the other. */
interface Found {
  where: string
  first: unknown
  second: unknown
  afterRemoval: unknown
  fileAfterSave: boolean
  said: string[]
  milliseconds: number
}

let home: string
beforeEach(() => { home = mkdtempSync(join(tmpdir(), 'hoop-keychain-')) })
afterEach(() => rmSync(home, { recursive: true, force: true }))

async function run(o: { bus?: string, keyring?: string, patience?: number }): Promise<Found> {
  const node = `"${process.execPath}" --import tsx "${child}" "${home}" ${o.patience ?? 10_000}`
  const env = { HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: home, DBUS_SESSION_BUS_ADDRESS: o.bus ?? '', DISPLAY: '', WAYLAND_DISPLAY: '' }
  const { stdout } = o.keyring === undefined
    ? await execa('sh', ['-c', node], { env, timeout: 25_000 })
    : await execa('dbus-run-session', ['--', 'sh', '-c', `${o.keyring}; ${node}`], { env, timeout: 25_000 })
  return JSON.parse(stdout.split('\n').at(-1)!) as Found
}

const unlocked = 'printf "a password" | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1'

describe.skipIf(missing.length > 0)('with a real keyring', () => {
  test('a login survives the process, never touches the disk in clear, and is gone after removal', async () => {
    const found = await run({ keyring: unlocked })
    expect(found).toMatchObject({ where: 'keychain', second: { accessToken: 'secret-access' }, fileAfterSave: false, said: [] })
    expect([found.first, found.afterRemoval]).toEqual([undefined, undefined])
    expect(grep('secret-access', home)).toBe('')
  })

  test('a second process finds what the first one saved', async () => {
    const node = `"${process.execPath}" --import tsx "${child}" "${home}" 10000`
    const found = await run({ keyring: `${unlocked}; ${node} keep >/dev/null` })
    expect(found.first).toMatchObject({ accessToken: 'secret-access', principal: { subject: 'alice' } })
  })

  test('a bus without a keyring that can keep anything: the file, after saying so', async () => {
    // The daemon is started by the bus without a collection: reading finds nothing, saving fails.
    const found = await run({ keyring: ':' })
    expect(found).toMatchObject({ where: 'file', second: { accessToken: 'secret-access' }, fileAfterSave: true })
    expect(found.said.join()).toContain('no system keychain')
  })
})

describe('without a keyring', () => {
  test.each([['no bus at all', ''], ['an address where nothing listens', 'unix:path=/nonexistent/bus']])('%s: the file, at once', async (_, bus) => {
    const found = await run({ bus })
    expect(found).toMatchObject({ where: 'file', second: { accessToken: 'secret-access' }, fileAfterSave: true })
    expect(found.said).toEqual([expect.stringContaining('no system keychain')])
    expect(found.milliseconds).toBeLessThan(5_000)
  })

  describe('a bus that accepts and never answers', () => {
    let silent: Server
    let path: string
    beforeEach(async () => {
      path = join(home, 'silent-bus')
      silent = createServer(() => undefined)
      await new Promise<void>((resolve) => silent.listen(path, resolve))
    })
    afterEach(() => { silent.close() })

    test('is given up after the patience, once, and the process ends', async () => {
      const found = await run({ bus: `unix:path=${path}`, patience: 300 })
      expect(found).toMatchObject({ where: 'file', second: { accessToken: 'secret-access' } })
      expect(found.milliseconds).toBeLessThan(5_000)
    })
  })
})

function grep(text: string, folder: string): string {
  return spawnSync('grep', ['-rl', text, folder], { encoding: 'utf8' }).stdout
}
