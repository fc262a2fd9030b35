// Where the Unix socket goes, when somebody else has been there first. Only root can make folders that belong to somebody else.
import { chmod, chown, lchown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { socketFolder } from '../../../cli/tunnel/socket-folder.ts'

const nobody = 65534
const isRoot = process.getuid?.() === 0
let top: string
let base: string
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'hoop-sock-'))
  base = join(top, 'run', 'hoop')
})
afterEach(() => rm(top, { recursive: true, force: true }))

const made = () => socketFolder(base, 'https://gw.example', 'prod-db', '.s.PGSQL.20001')

describe('the folder of a socket', () => {
  test('is made for its owner alone, whatever the umask', async () => {
    const umask = process.umask(0)
    const folder = await made().finally(() => process.umask(umask))
    expect(folder).toMatch(/^.*\/run\/hoop\/prod-db-[0-9a-f]{8}$/)
    for (const path of [base, folder!]) expect((await stat(path)).mode & 0o777).toBe(0o700)
  })

  test('is another one for another gateway', async () => {
    expect(await socketFolder(base, 'https://other.example', 'prod-db', 's')).not.toBe(await made())
  })

  test.each<[string, () => Promise<unknown>]>([
    ['can be entered by others', async () => { await mkdir(base, { recursive: true }); await chmod(base, 0o711) }],
    ['is a link, though to a folder of ours', async () => { await mkdir(join(top, 'run')); await mkdir(join(top, 'mine'), { mode: 0o700 }); await symlink(join(top, 'mine'), base) }],
    ['is a file', async () => { await mkdir(join(top, 'run')); await writeFile(base, '') }],
    ['lies where anybody can rename it', async () => { await mkdir(join(top, 'run')); await chmod(join(top, 'run'), 0o777) }]
  ])('is not used where it %s', async (_, prepare) => {
    await prepare()
    expect(await made()).toBeUndefined()
    expect(await readdir(join(top, 'mine')).catch(() => [])).toEqual([])
  })

  test('is used in a folder like /tmp, where nobody renames what is another\'s', async () => {
    await mkdir(join(top, 'run'))
    await chmod(join(top, 'run'), 0o1777)
    expect(await made()).toBeDefined()
  })
})

describe.skipIf(!isRoot)(`the folder of a socket, with a second user${isRoot ? '' : ' (skipped: only root can become one)'}`, () => {
  test.each<[string, () => Promise<unknown>]>([
    ['has made it first', async () => { await mkdir(base, { recursive: true, mode: 0o700 }); await chown(base, nobody, nobody) }],
    ['owns the folder above', async () => { await mkdir(join(top, 'run')); await chown(join(top, 'run'), nobody, nobody) }],
    ['owns a folder further above', async () => { await mkdir(join(top, 'run')); await chmod(top, 0o755); await chown(top, nobody, nobody) }],
    ['planted a link in the folder above, to a folder of theirs', async () => {
      await mkdir(join(top, 'theirs'))
      await chown(join(top, 'theirs'), nobody, nobody)
      await symlink(join(top, 'theirs'), join(top, 'run'))
    }],
    ['planted a link in the folder above, to a folder of ours', async () => {
      await mkdir(join(top, 'mine'))
      await symlink(join(top, 'mine'), join(top, 'run'))
      await lchown(join(top, 'run'), nobody, nobody)
    }],
    ['may write above through a group', async () => { await mkdir(join(top, 'run')); await chown(join(top, 'run'), 0, nobody); await chmod(join(top, 'run'), 0o770) }]
  ])('is not used where somebody else %s', async (_, prepare) => {
    await prepare()
    expect(await made()).toBeUndefined()
  })
})
