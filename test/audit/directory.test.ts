import { chmod, chown, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openAuditLog } from '../../server/audit/log.ts'
import { beat } from './sample.ts'
import { openIn, temporary } from './logs.ts'

const root = process.getuid?.() === 0

describe('a directory that is not fit', () => {
  async function begun(): Promise<string> {
    const directory = join(await temporary(), 'audit')
    await (await openIn(directory)).close()
    return directory
  }

  test.each([
    ['open to the group', async (directory: string) => chmod(directory, 0o750), /is open to other users/, /^chmod 700 /],
    ['with a key others can read', async (directory: string) => chmod(join(directory, 'log.key'), 0o644), /log\.key is open to other users/, /^chmod 600 /],
    ['with a foreign file', async (directory: string) => writeFile(join(directory, 'notes.txt'), ''), /notes\.txt does not belong/, /move it away/],
    ['with a foreign segment', async (directory: string) => writeFile(join(directory, 'segments', 'x'), ''), /segments\/x does not belong/, /move it away/],
    ['with a link for a key', async (directory: string) => {
      await rm(join(directory, 'log.key'))
      await symlink('/dev/null', join(directory, 'log.key'))
    }, /log\.key is no file/, undefined]
  ])('%s is refused', async (_, spoil, message, hint) => {
    const directory = await begun()
    await spoil(directory)
    const refusal = { code: 'config_invalid', message: expect.stringMatching(message), ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }) }
    await expect(openIn(directory)).rejects.toMatchObject(refusal)
    // The lock was given back.
    await expect(openIn(directory)).rejects.toMatchObject(refusal)
  })

  test.skipIf(!root)('of another user is refused (only root can make one)', async () => {
    const directory = await begun()
    await chown(directory, 65534, 65534)
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('belongs to user 65534') })
  })

  test('that is a file, or lies in one, is refused', async () => {
    const file = join(await temporary(), 'file')
    await writeFile(file, '')
    await expect(openIn(file)).rejects.toMatchObject({ code: 'config_invalid' })
    await expect(openIn(join(file, 'audit'))).rejects.toMatchObject({ code: 'config_invalid' })
  })

  test('of a log with another name is refused, and its name told', async () => {
    const directory = await begun()
    await expect(openIn(directory, { origin: 'other.example.com' })).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('not "other.example.com"'),
      hint: 'audit.origin: gateway.example.com/audit'
    })
  })

  test.each(['', 'a b', 'a+b', 'a\nb'])('the name %j is refused', async (name) => {
    await expect(openIn(await temporary(), { origin: name })).rejects.toMatchObject({ code: 'config_invalid' })
  })
})

describe('a new directory', () => {
  test('and everything in it is for the gateway alone', async () => {
    const directory = join(await temporary(), 'deep', 'audit')
    const log = await openIn(directory)
    await log.append(Array.from({ length: 300 }, () => beat()))
    await log.close()
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    const found = await readdir(directory, { recursive: true })
    expect(found.sort()).toEqual(['checkpoint', 'log.key', 'log.pub', 'open', 'segments', 'segments/0000000000000000', 'tile', 'tile/0', 'tile/0/000'])
    for (const name of found) {
      const { mode } = await stat(join(directory, name))
      expect(mode & 0o077, name).toBe(0)
    }
  })

  test('that was there, empty and open, is closed to others', async () => {
    const directory = join(await temporary(), 'audit')
    await mkdir(directory, { mode: 0o755 })
    await openIn(directory)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
  })
})

describe('the lock', () => {
  test('keeps a second gateway out until the first has closed', async () => {
    const directory = await temporary()
    const log = await openIn(directory)
    await expect(openIn(directory)).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('another gateway') })
    await expect(openIn(join(directory, '.', '..', directory.split('/').at(-1)!))).rejects.toMatchObject({ code: 'conflict' })
    await log.append([beat()])
    await log.close()
    await openIn(directory)
  })

  test('of many that come at once, at most one gets it', async () => {
    const directory = await temporary()
    for (let round = 0; round < 10; round++) {
      const opened = await Promise.allSettled(Array.from({ length: 6 }, () => openIn(directory)))
      const won = opened.filter(({ status }) => status === 'fulfilled')
      expect(won.length).toBeLessThanOrEqual(1)
      for (const each of opened) {
        if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'conflict' })
        else await each.value.close()
      }
    }
    expect((await readdir(directory)).filter((name) => name.includes('lock'))).toEqual([])
    await openIn(directory)
  })

  test.runIf(process.platform === 'linux')('works in a directory whose path is longer than a socket\'s may be', async () => {
    const directory = join(await temporary(), 'd'.repeat(120), 'audit')
    const log = await openAuditLog({ directory, origin: 'a.example', now: Date.now, heartbeat: () => ({ sessions: 0 }) })
    onTestFinished(() => log.close())
    await expect(openIn(directory, { origin: 'a.example' })).rejects.toMatchObject({ code: 'conflict' })
  })
})
