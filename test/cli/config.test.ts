import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { caFileFor, gatewayUrlFrom, loadSettings, rememberGateway, takeEnvironment } from '../../cli/config.ts'
import { profileNames, setUsualProfile, writeProfile } from '../../cli/profiles.ts'

let folder: string
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'hoop-config-')) })
afterEach(() => rm(folder, { recursive: true, force: true }))

const settings = (variables: Record<string, string>, flags = {}) =>
  loadSettings(takeEnvironment({ HOOP_CONFIG_DIR: folder, ...variables }), flags)

async function profile(text: string): Promise<string> {
  const file = join(folder, 'profiles', 'default.json')
  await mkdir(join(folder, 'profiles'), { recursive: true, mode: 0o700 })
  await writeFile(file, text, { mode: 0o600 })
  return file
}

describe('the address of a gateway', () => {
  test.each([
    ['', 'is not the address'],
    ['ftp://gw.example', 'is not the address'],
    ['file:///etc/passwd', 'is not the address'],
    ['https://', 'is not the address'],
    ['https://me:secret@gw.example', 'holds no user'],
    ['https://gw.example/?token=x', 'holds no user'],
    ['https://gw.example/#x', 'holds no user'],
    ['http://gw.example', 'in clear text'],
    ['http://127.0.0.1.evil.example', 'in clear text'],
    ['http://localhost.evil.example:80', 'in clear text'],
    ['http://10.0.0.1:8443', 'in clear text']
  ])('%j is refused: %s', (typed, why) => {
    expect(() => gatewayUrlFrom(typed)).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringContaining(why) as string }))
  })

  test('a refusal does not repeat a password that was typed', () => {
    expect(() => gatewayUrlFrom('https://me:hunter2@gw.example')).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }))
  })

  test.each([
    ['https://gw.example', 'https://gw.example'],
    ['https://gw.example/', 'https://gw.example'],
    ['https://gw.example/hoop/', 'https://gw.example/hoop'],
    ['HTTPS://GW.example:443', 'https://gw.example'],
    ['gw.example:8443', 'https://gw.example:8443'],
    ['127.0.0.1:8443', 'http://127.0.0.1:8443'],
    ['localhost:8443', 'http://localhost:8443'],
    ['http://[::1]:8443', 'http://[::1]:8443']
  ])('%j is %s', (typed, url) => {
    expect(gatewayUrlFrom(typed)).toBe(url)
  })
})

describe('the environment', () => {
  test('loses its secret once it was read, and what is left for children does not have it', () => {
    const variables: NodeJS.ProcessEnv = { HOOP_TOKEN: ' hoop_st_secret\n', PATH: '/bin' }
    const taken = takeEnvironment(variables)
    expect(taken.token).toBe('hoop_st_secret')
    expect(variables).toEqual({ PATH: '/bin' })
    expect(JSON.stringify(taken.rest)).not.toContain('hoop_st_secret')
  })

  test.each<[string, Record<string, string>, { mayColor: boolean, mayInteract: boolean }]>([
    ['nothing said', {}, { mayColor: true, mayInteract: true }],
    ['NO_COLOR', { NO_COLOR: '1' }, { mayColor: false, mayInteract: true }],
    ['an empty NO_COLOR, which says nothing', { NO_COLOR: '' }, { mayColor: true, mayInteract: true }],
    ['CI', { CI: 'true' }, { mayColor: false, mayInteract: false }],
    ['CI=false', { CI: 'false' }, { mayColor: true, mayInteract: true }],
    ['TERM=dumb', { TERM: 'dumb' }, { mayColor: false, mayInteract: false }]
  ])('%s', (_, variables, expected) => {
    expect(takeEnvironment(variables)).toMatchObject(expected)
  })
})

describe('settings', () => {
  test('a flag beats the environment beats the profile', async () => {
    await profile('{ "gateway": "https://profile.example" }')
    expect(await settings({})).toMatchObject({ gatewayUrl: 'https://profile.example' })
    expect(await settings({ HOOP_GATEWAY: 'https://variable.example' })).toMatchObject({ gatewayUrl: 'https://variable.example' })
    expect(await settings({ HOOP_GATEWAY: 'https://variable.example' }, { gateway: 'https://flag.example' })).toMatchObject({ gatewayUrl: 'https://flag.example' })
  })

  test('a remembered gateway is there again, in a file only its owner can read', async () => {
    await rememberGateway(await settings({ HOOP_CA: 'ca.pem' }), 'https://gw.example')
    expect(await settings({})).toMatchObject({ gatewayUrl: 'https://gw.example', caFile: join(process.cwd(), 'ca.pem') })
    const { mode } = await stat(join(folder, 'profiles', 'default.json'))
    expect(mode & 0o777).toBe(0o600)
  })

  test('profiles are kept apart by name', async () => {
    await rememberGateway(await settings({ HOOP_PROFILE: 'staging' }), 'https://staging.example')
    expect((await settings({})).gatewayUrl).toBeUndefined()
    expect((await settings({}, { profile: 'staging' })).gatewayUrl).toBe('https://staging.example')
  })

  test('a profile nobody made is an error that names those that are near, whatever the environment says', async () => {
    await writeProfile(folder, 'staging', { gateway: 'https://staging.example' })
    const { gatewayUrl, gatewayMissing } = await settings({ HOOP_GATEWAY: 'https://prod.example' }, { profile: 'stagin' })
    expect(gatewayUrl).toBeUndefined()
    expect(gatewayMissing).toMatchObject({ code: 'usage', message: 'there is no profile "stagin"', hint: expect.stringMatching(/^did you mean staging\?/) as string })
    expect((await settings({}, { profile: 'other' })).gatewayMissing?.hint).toContain('hoop --profile other login')
  })

  test('a profile that is typed beats the variables; one from a variable does not', async () => {
    await writeProfile(folder, 'staging', { gateway: 'https://staging.example' })
    const variables = { HOOP_GATEWAY: 'https://prod.example', HOOP_PROFILE: 'staging' }
    expect((await settings(variables)).gatewayUrl).toBe('https://prod.example')
    expect((await settings(variables, { profile: 'staging' })).gatewayUrl).toBe('https://staging.example')
    expect((await settings(variables, { profile: 'staging', gateway: 'https://flag.example' })).gatewayUrl).toBe('https://flag.example')
  })

  test('the profile in use is the one chosen, until one is named', async () => {
    await writeProfile(folder, 'default', { gateway: 'https://prod.example' })
    await writeProfile(folder, 'staging', { gateway: 'https://staging.example' })
    await setUsualProfile(folder, 'staging')
    expect(await settings({})).toMatchObject({ profile: 'staging', gatewayUrl: 'https://staging.example' })
    expect(await settings({ HOOP_PROFILE: 'default' })).toMatchObject({ profile: 'default', gatewayUrl: 'https://prod.example' })
    await setUsualProfile(folder, undefined)
    expect(await settings({})).toMatchObject({ profile: 'default' })
    await writeFile(join(folder, 'usual-profile'), '../../etc\n', { mode: 0o600 })
    await expect(settings({})).rejects.toMatchObject({ code: 'config_invalid', hint: expect.stringContaining('rm ') as string })
  })

  test('certificates of a profile are trusted at its own gateway alone, and go into no other profile', async () => {
    await writeProfile(folder, 'default', { gateway: 'https://private.example', ca: '/etc/private.pem' })
    const own = await settings({})
    expect(caFileFor(own, 'https://private.example')).toEqual({ caFile: '/etc/private.pem' })
    expect(caFileFor(own, 'https://public.example')).toEqual({})
    expect(caFileFor(await settings({ HOOP_GATEWAY: 'https://public.example' }), 'https://public.example')).toEqual({})
    expect(caFileFor(await settings({ HOOP_CA: '/etc/mine.pem' }), 'https://public.example')).toEqual({ caFile: '/etc/mine.pem' })
    expect(await rememberGateway(own, 'https://public.example')).toBe('https://private.example')
    expect(await settings({})).not.toHaveProperty('caFile')
  })

  test('what is no profile\'s file is not listed', async () => {
    await writeProfile(folder, 'staging', {})
    for (const name of ['Big.json', 'a b.json', '.json', 'note.txt']) await writeFile(join(folder, 'profiles', name), '{}')
    expect(await profileNames(folder)).toEqual(['staging'])
  })

  test.each(['../evil', 'a/b', '', '.', 'A', 'x'.repeat(64)])('the profile name %j is refused', async (name) => {
    await expect(settings({}, { profile: name })).rejects.toMatchObject({ code: 'usage' })
  })

  test.each([
    ['no JSON', 'gateway: https://gw.example', 'is not JSON'],
    ['a list', '[]', 'is not a JSON object'],
    ['null', 'null', 'is not a JSON object'],
    ['an unknown field', '{ "gatway": "https://gw.example" }', 'unknown field "gatway"'],
    ['a prototype', '{ "__proto__": { "gateway": "https://evil.example" } }', 'unknown field "__proto__"'],
    ['another type', '{ "gateway": 1 }', 'not a string'],
    ['too many bytes', `{ "gateway": "https://gw.example/${'x'.repeat(20_000)}" }`, 'is larger than']
  ])('a profile that holds %s is refused and named', async (_, text, why) => {
    await profile(text)
    await expect(settings({})).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining(why) as string })
  })

  test('a profile that is a symbolic link is not followed', async () => {
    const file = await profile('{ "gateway": "https://gw.example" }')
    await rm(file)
    await writeFile(join(folder, 'elsewhere'), '{ "gateway": "https://evil.example" }', { mode: 0o600 })
    await symlink(join(folder, 'elsewhere'), file)
    await expect(settings({})).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringContaining('symbolic link') as string })
  })

  test('a profile that others can write is refused', async () => {
    const file = await profile('{ "gateway": "https://gw.example" }')
    await chmod(file, 0o666)
    await expect(settings({})).rejects.toMatchObject({ hint: `chmod 600 ${file}` })
  })

  test('a token file is read, and HOOP_TOKEN beats it', async () => {
    await writeFile(join(folder, 'token'), 'hoop_st_file\n')
    expect(await settings({ HOOP_TOKEN_FILE: join(folder, 'token') })).toMatchObject({ token: 'hoop_st_file', tokenFile: join(folder, 'token') })
    expect(await settings({ HOOP_TOKEN_FILE: join(folder, 'token'), HOOP_TOKEN: 'hoop_st_variable' })).not.toHaveProperty('tokenFile')
    await expect(settings({ HOOP_TOKEN_FILE: join(folder, 'none') })).rejects.toMatchObject({ message: expect.stringContaining('HOOP_TOKEN_FILE') as string })
    await writeFile(join(folder, 'token'), ' \n')
    await expect(settings({ HOOP_TOKEN_FILE: join(folder, 'token') })).rejects.toMatchObject({ message: expect.stringContaining('holds no token') as string })
  })

  test('writing a profile leaves no other file behind', async () => {
    await rememberGateway(await settings({}), 'https://gw.example')
    await rememberGateway(await settings({}), 'https://other.example')
    expect(JSON.parse(await readFile(join(folder, 'profiles', 'default.json'), 'utf8'))).toEqual({ gateway: 'https://other.example' })
  })
})
