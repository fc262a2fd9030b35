// Several gateways: two servers that write down which tokens they are shown, and the shipped program between them.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openTokenStore } from '../../cli/login/tokens.ts'
import { writeProfile } from '../../cli/profiles.ts'
import { builtHoop } from '../support/built.ts'
import { Kept } from '../support/kept.ts'

class Listening {
  readonly seen: string[] = []
  readonly #server: Server
  url = ''

  constructor() {
    this.#server = createServer((request, response) => {
      this.seen.push(request.headers.authorization ?? 'nothing')
      response.writeHead(200, { 'content-type': 'application/json' }).end('[]')
    })
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`
    return this
  }

  stop(): void { this.#server.close() }
}

let hoop: string
let folder: string
let prod: Listening
let staging: Listening

beforeAll(async () => {
  hoop = await builtHoop()
  folder = await mkdtemp(join(tmpdir(), 'hoop-profiles-'))
  prod = await new Listening().start()
  staging = await new Listening().start()
  const store = await openTokenStore({ directory: folder, keychain: 'off', say: () => undefined })
  for (const [name, gateway] of [['default', prod], ['staging', staging]] as const) {
    await writeProfile(folder, name, { gateway: gateway.url })
    const principal = { issuer: 'https://idp.example', subject: name, groups: [], kind: 'human' } as const
    await store.save(gateway.url, { accessToken: `token-of-${name}`, expiresAt: Date.now() + 3_600_000, principal })
  }
})
afterAll(async () => {
  prod?.stop()
  staging?.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  prod.seen.length = 0
  staging.seen.length = 0
})

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = new Kept(process.execPath, [hoop, ...args], {
    env: { PATH: process.env.PATH, HOME: folder, HOOP_CONFIG_DIR: folder, HOOP_KEYCHAIN: 'off', ...env }
  })
  return { code: await child.exited, stdout: child.stdout, stderr: child.stderr }
}

describe('a login', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['typed', ['--profile', 'staging'], {}],
    ['typed, against a variable', ['--profile', 'staging'], { HOOP_PROFILE: 'default', HOOP_GATEWAY: 'https://prod.example' }],
    ['of a variable', [], { HOOP_PROFILE: 'staging' }]
  ])('goes to the gateway of its profile alone: %s', async (_, flags, env) => {
    expect(await run([...flags, 'targets'], env)).toMatchObject({ code: 0 })
    expect({ prod: prod.seen, staging: staging.seen }).toEqual({ prod: [], staging: ['Bearer token-of-staging'] })
  })

  test('is not shown to a gateway that a flag or a variable names', async () => {
    expect((await run(['--profile', 'staging', '--gateway', prod.url, 'targets'])).code).toBe(0)
    expect((await run(['targets'], { HOOP_PROFILE: 'staging', HOOP_GATEWAY: prod.url })).code).toBe(0)
    expect({ prod: prod.seen, staging: staging.seen }).toEqual({ prod: ['Bearer token-of-default', 'Bearer token-of-default'], staging: [] })
  })

  test('is shown to nobody where the profile has been mistyped', async () => {
    expect(await run(['--profile', 'stagng', 'targets'], { HOOP_GATEWAY: prod.url })).toEqual({
      code: 64,
      stdout: '',
      stderr: 'hoop: error: there is no profile "stagng"\nhoop: hint: did you mean staging? hoop profiles lists them\n'
    })
    expect([...prod.seen, ...staging.seen]).toEqual([])
  })
})

describe('the one in use', () => {
  test('is chosen, listed, and kept by nobody but its owner', async () => {
    expect(await run(['profiles', 'use', 'staging'])).toMatchObject({ code: 0, stderr: `hoop: profile "staging" from now on: ${staging.url}\n` })
    expect((await run(['targets'])).code).toBe(0)
    expect(staging.seen).toEqual(['Bearer token-of-staging'])
    const listed = (await run(['profiles', '--json'])).stdout.trim().split('\n').map((line) => JSON.parse(line) as object)
    expect(listed).toEqual([{ profile: 'default', gateway: prod.url, inUse: false }, { profile: 'staging', gateway: staging.url, inUse: true }])
    for (const file of await readdir(folder)) expect((await stat(join(folder, file))).mode & 0o077, file).toBe(0)
    expect((await run(['profiles', 'use', 'staging'], { HOOP_GATEWAY: prod.url })).stderr).toContain('warning: HOOP_GATEWAY is set here, and counts for more')
  })

  test.each(['use', 'remove'])('%s reaches no file but a profile\'s', async (verb) => {
    for (const name of ['../tokens', '../usual-profile', 'default.json/../default', '/etc/passwd', '']) {
      expect(await run(['profiles', verb, name])).toMatchObject({ code: 64, stderr: expect.stringContaining('cannot name a profile') as string })
    }
    expect(await readdir(folder)).toContain('tokens.json')
  })

  test('that is removed makes room for the default, and its login is said to stay', async () => {
    const { code, stderr } = await run(['profiles', 'remove', 'staging'])
    expect(code).toBe(0)
    expect(stderr).toBe(`hoop: profile "staging" is forgotten\nhoop: a login there stays until it ends: hoop logout ${staging.url}\n`
      + 'hoop: profile "default" is used from now on\n')
    expect((await run(['targets'])).code).toBe(0)
    expect(prod.seen).toEqual(['Bearer token-of-default'])
    expect((await run(['profiles', 'use', 'staging'])).stderr).toContain('there is no profile "staging"')
  })
})
