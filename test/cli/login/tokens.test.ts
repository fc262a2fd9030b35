// The token store: what another user could plant, and the shapes that are refused.
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseLogins, parseTokens } from '../../../cli/login/stored.ts'
import { openTokenStore, type StoredTokens } from '../../../cli/login/tokens.ts'

const gateway = 'https://hoop.example'
const tokens: StoredTokens = {
  accessToken: 'secret-access',
  refreshToken: 'secret-refresh',
  expiresAt: 1_900_000_000_000,
  principal: { issuer: 'https://idp.example', subject: 'alice', email: 'alice@example.com', groups: ['engineers'], kind: 'human' }
}
const amRoot = process.getuid?.() === 0

let directory: string
let file: string
let said: string[]
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'hoop-tokens-')), 'hoop')
  file = join(directory, 'tokens.json')
  said = []
})
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }))

const open = () => openTokenStore({ directory, keychain: 'off', say: (line) => said.push(line) })
const saved = async () => (await open()).save(gateway, tokens)
const load = async () => (await open()).load(gateway)
const mode = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

describe('the token file', () => {
  test('keeps what was saved, in a 0600 file in a 0700 folder whatever the umask, and says so once', async () => {
    const before = process.umask(0)
    try {
      await saved()
    } finally {
      process.umask(before)
    }
    expect(await load()).toEqual(tokens)
    expect([mode(file), mode(directory)]).toEqual(['600', '700'])
    await saved()
    expect(said).toEqual([expect.stringContaining(file)])
    expect(said.join()).not.toContain('secret')
    expect(readdirSync(directory)).toEqual(['tokens.json'])
  })

  test('nothing was saved: no login, and no folder is made by asking', async () => {
    expect(await load()).toBeUndefined()
    await (await open()).remove(gateway)
    expect(existsSync(directory)).toBe(false)
  })

  test('two gateways are kept apart, two spellings of one are not', async () => {
    const store = await open()
    await store.save(gateway, tokens)
    await store.save('https://other.example/', { ...tokens, accessToken: 'other', refreshToken: 'other' })
    expect((await store.load('https://HOOP.example:443/'))?.accessToken).toBe('secret-access')
    expect((await store.load('https://other.example'))?.accessToken).toBe('other')
    await store.remove(gateway)
    expect(await store.load(gateway)).toBeUndefined()
    expect((await store.load('https://other.example'))?.accessToken).toBe('other')
    expect(readFileSync(file, 'utf8')).not.toContain('secret')
  })

  test('the last logout leaves no file', async () => {
    await saved()
    await (await open()).remove(gateway)
    expect(existsSync(file)).toBe(false)
  })

  const attacks: [string, () => void][] = [
    ['a symbolic link to a good file', () => {
      writeFileSync(join(directory, '..', 'planted.json'), readFileSync(file), { mode: 0o600 })
      rmSync(file)
      symlinkSync(join(directory, '..', 'planted.json'), file)
    }],
    ['a dangling symbolic link that would make us write elsewhere', () => { rmSync(file); symlinkSync(join(directory, '..', 'elsewhere'), file) }],
    ['a file others can read', () => chmodSync(file, 0o644)],
    ['a file the group can read', () => chmodSync(file, 0o640)],
    ['a file others can write', () => chmodSync(file, 0o622)],
    ['a folder others can write', () => chmodSync(directory, 0o777)],
    ['a folder in its place', () => { rmSync(file); mkdirSync(file) }],
    ['a named pipe that would make us wait', () => { rmSync(file); execFileSync('mkfifo', ['-m', '600', file]) }],
    ['an endless file', () => writeFileSync(file, Buffer.alloc(300 * 1024, 0x20))]
  ]
  test.each(attacks)('%s is not used', async (_, attack) => {
    await saved()
    attack()
    await expect(load()).rejects.toMatchObject({ code: 'config_invalid', hint: expect.any(String) as string })
  })

  test.runIf(amRoot)('another user\'s file or folder is not used (needs root to make one)', async () => {
    await saved()
    chownSync(file, 65534, 65534)
    await expect(load()).rejects.toMatchObject({ code: 'config_invalid' })
    chownSync(file, 0, 0)
    chownSync(directory, 65534, 65534)
    await expect(load()).rejects.toMatchObject({ code: 'config_invalid' })
    await expect(saved()).rejects.toMatchObject({ code: 'config_invalid' })
  })

  test.each(attacks.filter(([name]) => !/folder/.test(name)))('after %s a new login replaces it, and what a link points to stays', async (_, attack) => {
    await saved()
    attack()
    const outside = join(directory, '..', 'planted.json')
    const untouched = existsSync(outside) ? readFileSync(outside, 'utf8') : undefined
    await (await open()).save('https://other.example', tokens)
    expect((await (await open()).load('https://other.example'))).toEqual(tokens)
    expect(mode(file)).toBe('600')
    expect(lstatSync(file).isFile()).toBe(true)
    expect(existsSync(outside) ? readFileSync(outside, 'utf8') : undefined).toBe(untouched)
    expect(existsSync(join(directory, '..', 'elsewhere'))).toBe(false)
    expect(said.join('\n')).toContain('replaced')
  })

  test('logout removes a planted link, not what it points to', async () => {
    await saved()
    attacks[0]![1]()
    await (await open()).remove(gateway)
    expect(existsSync(file)).toBe(false)
    expect(existsSync(join(directory, '..', 'planted.json'))).toBe(true)
  })

  test('a second name of the same file does not follow a new login', async () => {
    await saved()
    linkSync(file, join(directory, '..', 'second'))
    await (await open()).save(gateway, { ...tokens, accessToken: 'newer' })
    expect(readFileSync(join(directory, '..', 'second'), 'utf8')).not.toContain('newer')
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['an old form', '{}'],
    ['another version', JSON.stringify({ version: 2, logins: {} })],
    ['a list', '[]'],
    ['null', 'null'],
    ['bytes', '\0\xff']
  ])('a file that holds %s is no login', async (_, text) => {
    await saved()
    writeFileSync(file, text)
    await expect(load()).rejects.toMatchObject({ code: 'unauthenticated', hint: expect.stringContaining('hoop login') as string })
  })

  test('a crash while writing leaves the old login', async () => {
    await saved()
    writeFileSync(join(directory, 'tokens.json.0123456789abcdef'), '{"version":1,"lo')
    expect(await load()).toEqual(tokens)
  })
})

describe('the stored shape', () => {
  const wrong: [string, unknown][] = [
    ['an unknown field', { ...tokens, admin: true }],
    ['__proto__', JSON.parse(`{"__proto__":{"admin":true},${JSON.stringify(tokens).slice(1)}`)],
    ['no access token', { ...tokens, accessToken: undefined }],
    ['an empty token', { ...tokens, accessToken: '' }],
    ['a token that would end the header', { ...tokens, accessToken: 'a\r\nx-evil: 1' }],
    ['a token that is no string', { ...tokens, refreshToken: 7 }],
    ['an end that is no number', { ...tokens, expiresAt: '1' }],
    ['an end beyond numbers', { ...tokens, expiresAt: 1e300 }],
    ['groups that are no list', { ...tokens, principal: { ...tokens.principal, groups: { length: 1 } } }],
    ['a kind nobody knows', { ...tokens, principal: { ...tokens.principal, kind: 'admin' } }],
    ['an unknown field of the principal', { ...tokens, principal: { ...tokens.principal, admin: true } }],
    ['an owner that is no record', { ...tokens, principal: { ...tokens.principal, onBehalfOf: 'bob' } }],
    ['a list', [tokens]]
  ]
  test.each(wrong)('%s is refused', (_, value) => {
    expect(parseTokens(JSON.stringify(value))).toBeUndefined()
    expect(parseLogins(JSON.stringify({ version: 1, logins: { [gateway]: value } }))).toBeUndefined()
  })

  test('the right shape is taken, with and without what may be absent', () => {
    const service: StoredTokens = {
      accessToken: 'a',
      expiresAt: 1,
      principal: { issuer: 'i', subject: 's', groups: [], kind: 'service', onBehalfOf: { issuer: 'i', subject: 'bob' } }
    }
    for (const good of [tokens, service]) expect(parseTokens(JSON.stringify(good))).toEqual(good)
  })
})
