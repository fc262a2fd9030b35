// Another user of the same machine against everything hoop opens and keeps on it. The folders above are laid open, so that only what hoop
// itself does keeps the other one out. Runs as root, who alone can become somebody else.
import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listenForCallback } from '../../cli/login/callback.ts'
import { TestGateway } from '../support/gateway.ts'
import { Kept } from '../support/kept.ts'
import type { TestPerson, TestPort } from '../support/person.ts'
import { TestPostgres } from '../support/postgres.ts'
import { until } from '../support/until.ts'

const isRoot = process.getuid?.() === 0
const nobody = 65534
const never = new AbortController().signal

interface Ended { readonly code: number | string, readonly stdout: string, readonly stderr: string }

/** A command as the other user, from a folder anybody may enter. */
function asNobody(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const options = { uid: nobody, gid: nobody, cwd: '/', timeout: 20_000, env: { PATH: process.env.PATH, HOME: '/nonexistent', PGCONNECT_TIMEOUT: '10', ...env } }
  return new Promise((resolve) => {
    execFile(command, args, options, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code ?? 'a signal', stdout, stderr }))
  })
}

const scriptAsNobody = (script: string, ...args: string[]) => asNobody(process.execPath, ['-e', script, ...args])

/** Which of these the other user can open to read, or to write; folders: list, or put something into. */
async function openedByNobody(paths: readonly string[]): Promise<string[]> {
  const script = `
    const fs = require('node:fs')
    const can = (act) => { try { act(); return true } catch { return false } }
    for (const path of fs.readFileSync(0, 'utf8').split('\\n')) {
      if (can(() => fs.closeSync(fs.openSync(path, 'r')))) console.log('reads ' + path)
      if (can(() => fs.accessSync(path, fs.constants.W_OK))) console.log('writes ' + path)
    }`
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, ['-e', script], { uid: nobody, gid: nobody, cwd: '/' }, (error, stdout) => {
      if (error !== null) reject(error)
      else resolve(stdout.split('\n').filter((line) => line !== ''))
    })
    child.stdin!.end(paths.join('\n'))
  })
}

/** Everything in a folder, folders included, the folder itself first. */
async function allIn(folder: string): Promise<string[]> {
  return [folder, ...(await readdir(folder, { recursive: true })).map((name) => join(folder, name))]
}

describe.skipIf(!isRoot)(`a second user of the machine${isRoot ? '' : ' (skipped: not root, so nobody can be somebody else)'}`, () => {
  let postgres: TestPostgres
  let gateway: TestGateway
  let alice: TestPerson
  let port: TestPort

  beforeAll(async () => {
    postgres = await TestPostgres.start()
    const sealTo = [{ name: 'ines', key: generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }]
    gateway = await TestGateway.start({
      targets: { 'prod-db': { address: postgres.address, database: 'postgres', credential: { user: postgres.superuser, password: postgres.password } } },
      env: { RECORDING_KEY: randomBytes(32).toString('base64') },
      sections: { audit: { directory: 'audit', origin: 'test.example/log', sealTo }, recording: { directory: 'recordings', key: 'env:RECORDING_KEY' } }
    })
    alice = await gateway.person('alice')
    // As homes and server folders often are.
    for (const folder of [gateway.folder, alice.configDirectory]) await chmod(folder, 0o755)
    await mkdir(join(alice.configDirectory, 'runtime'), { mode: 0o755 })
    port = await alice.connect('prod-db', { XDG_RUNTIME_DIR: join(alice.configDirectory, 'runtime') })
    await chmod(alice.configDirectory, 0o755)
  })
  afterAll(async () => {
    await gateway?.stop()
    await postgres?.stop()
  })

  describe('at the local port', () => {
    test('is turned away over TCP before a byte of theirs goes anywhere, and alice is told', async () => {
      const { code, stdout, stderr } = await asNobody('psql', ['-X', '-At', '-h', port.host, '-p', String(port.port), '-U', 'hoop', '-d', 'postgres', '-c', 'SELECT 1'])
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/server closed the connection unexpectedly|Connection reset/)
      await until('alice to be told', () => port.events().some(({ type, code }) => type === 'failure' && code === 'forbidden'))
      expect(port.events().filter(({ type }) => type === 'connection.opened')).toEqual([])
      expect((await gateway.audit()).filter(({ kind }) => kind === 'connection.start')).toEqual([])
    })

    test('and with an IPv6 socket, and as often as they like, while alice\'s own connections work', async () => {
      const script = `const net = require('node:net'); let open = 20
        for (let i = 0; i < 20; i++) net.connect(+process.argv[1], i % 2 ? '::ffff:127.0.0.1' : '127.0.0.1')
          .on('error', () => {}).on('data', (bytes) => console.log('got ' + bytes.length)).on('close', () => { if (--open === 0) process.exit() })
          .write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))`
      const [attack, own] = await Promise.all([
        scriptAsNobody(script, String(port.port)),
        alice.finish(['connect', 'prod-db', '--', 'psql', '-X', '-At', '-c', 'SELECT 1'])
      ])
      expect(attack).toMatchObject({ code: 0, stdout: '' })
      expect(own).toMatchObject({ code: 0, stdout: '1\n' })
    })

    test('cannot reach the Unix socket, whose folder is alice\'s alone', async () => {
      const folder = join(port.socket!, '..')
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
      const { code, stderr } = await asNobody('psql', ['-X', '-At', '-h', folder, '-p', String(port.port), '-U', 'hoop', '-d', 'postgres', '-c', 'SELECT 1'])
      expect(code).toBe(2)
      expect(stderr).toMatch(/Permission denied/)
    })

    test('who has taken it first is named as such, and nothing is opened that saved tools would not reach', async () => {
      const usual = alice.run(['connect', 'prod-db', '--json'])
      const [, taken] = await usual.line(/"type":"ready".*"port":(\d+)/)
      await usual.end('INT')
      const squatter = new Kept(process.execPath, ['-e', 'require("node:net").createServer().listen(+process.argv[1], "127.0.0.1", () => console.log("there"))', taken!], { uid: nobody, gid: nobody, cwd: '/' })
      await squatter.line(/there/)
      try {
        const { code, stderr } = await alice.finish(['connect', 'prod-db', '--json'])
        expect(code).toBe(1)
        expect(stderr).toContain(`port ${taken!} on 127.0.0.1, which prod-db has otherwise, is in use by another user of this machine: what is set to it would reach them`)
        expect(stderr).toContain('hint: stop what listens there; or take another port, and set your tools to that: hoop connect prod-db --port PORT')
      } finally {
        await squatter.end('TERM')
      }
    })
  })

  describe('among the files', () => {
    test('can read and change none of what the command line keeps', async () => {
      await alice.finish(['targets'])
      await alice.finish(['sessions'])
      const mine = (path: string) => path !== alice.configDirectory && !path.endsWith('/runtime')
      const files = (await allIn(alice.configDirectory)).filter(mine)
      expect(files).toEqual(expect.arrayContaining(['tokens.json', 'ports.json', 'completion'].map((name) => join(alice.configDirectory, name))))
      expect(await openedByNobody(files)).toEqual([])
    })

    test('can read and change nothing of what the gateway keeps: log, keys, state, recordings', async () => {
      expect(await alice.finish(['connect', 'prod-db', '--', 'psql', '-X', '-At', '-c', 'SELECT 42'])).toMatchObject({ code: 0, stdout: '42\n' })
      const kept = (await allIn(gateway.folder)).filter((path) => /\/(audit|recordings|state\.db)/.test(path))
      for (const what of ['/segments/', 'log.key', 'state.db', '/recordings/']) expect(kept.filter((path) => path.includes(what)), what).not.toEqual([])
      expect(await openedByNobody(kept)).toEqual([])
    })

    test('cannot work with alice\'s login, by naming her folder', async () => {
      const { code, stdout } = await asNobody(process.execPath, [gateway.hoop, 'targets'], { ...alice.environment })
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    })

    test.each<[string, string, string]>([
      ['a login', 'tokens.json', '{"version":1,"logins":{}}'],
      ['a profile', 'profiles/default.json', '{"gateway":"https://evil.example"}'],
      ['the choice of a profile', 'usual-profile', 'evil\n'],
      ['ports', 'ports.json', '{}']
    ])('cannot make alice use %s they have put there', async (_, name, text) => {
      const folder = await mkdtemp(join(tmpdir(), 'hoop-second-'))
      try {
        await mkdir(join(folder, 'profiles'), { mode: 0o700 })
        await cp(join(alice.configDirectory, 'tokens.json'), join(folder, 'tokens.json'))
        await writeFile(join(folder, name), text, { mode: 0o600 })
        await chown(join(folder, name), nobody, nobody)
        const variables = { HOOP_CONFIG_DIR: folder, HOOP_GATEWAY: name.includes('profile') ? '' : gateway.url }
        const { code, stderr } = await alice.finish(['connect', 'prod-db', '--json'], variables)
        expect(stderr).toContain(`${join(folder, name)} belongs to another user`)
        expect(code).toBe(1)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })

    test('sees no secret among the processes', async () => {
      const told = await scriptAsNobody(`
        const fs = require('node:fs')
        for (const pid of fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name))) for (const file of ['cmdline', 'environ'])
          try { console.log(file + ' ' + fs.readFileSync('/proc/' + pid + '/' + file, 'latin1').replaceAll('\\0', ' ')) } catch {}`)
      expect(told.stdout).toContain('connect prod-db')
      const tokens = JSON.stringify(JSON.parse(await readFile(join(alice.configDirectory, 'tokens.json'), 'utf8')))
      for (const secret of [postgres.password, ...tokens.match(/hoop_[\w-]{20,}/g) ?? []]) expect(told.stdout).not.toContain(secret)
      expect(tokens).toMatch(/hoop_[\w-]{20,}/)
    })
  })

  describe('at the login', () => {
    test('is turned away from the callback even with the state, which the browser\'s command line shows', async () => {
      let strangers = 0
      const callback = await listenForCallback({
        state: 'the-state',
        issuer: 'https://idp.example',
        issRequired: false,
        signal: never,
        timeoutMilliseconds: 20_000,
        onStranger: () => { strangers++ }
      })
      const script = `fetch(process.argv[1] + '?state=the-state&code=of-theirs', { redirect: 'manual' })
        .then(({ status }) => console.log('answered ' + status), ({ cause }) => console.log('refused ' + (cause.code ?? cause.message)))`
      expect((await scriptAsNobody(script, callback.redirectUri)).stdout).toMatch(/^refused (ECONNRESET|UND_ERR_SOCKET|other side closed)/)
      expect(strangers).toBe(1)
      await fetch(`${callback.redirectUri}?state=the-state&code=of-alice`, { redirect: 'manual' })
      expect((await callback.answer).searchParams.get('code')).toBe('of-alice')
      await callback.finish()
    })

    test('cannot keep the browser out by holding every connection there may be', async () => {
      const callback = await listenForCallback({ state: 's', issuer: 'https://idp.example', issRequired: false, signal: never, timeoutMilliseconds: 20_000 })
      const { port: at } = new URL(callback.redirectUri)
      const held = new Kept(process.execPath, ['-e', `let n = 0
        for (let i = 0; i < 400; i++) require('node:net').connect(+process.argv[1], '127.0.0.1', () => { if (++n === 256) console.log('all') }).on('error', () => {})
        setInterval(() => {}, 1000)`, at], { uid: nobody, gid: nobody, cwd: '/' })
      await held.line(/all/)
      await fetch(`${callback.redirectUri}?state=s&code=mine`, { redirect: 'manual' })
      expect((await callback.answer).searchParams.get('code')).toBe('mine')
      await Promise.all([held.end('TERM'), callback.finish()])
    })
  })

  test('who squats on every address cannot have alice believe it is hers', async () => {
    const blocker: Server = createServer().listen(0, '0.0.0.0')
    await until('it to listen', () => blocker.listening)
    const at = String((blocker.address() as { port: number }).port)
    expect(await alice.finish(['connect', 'prod-db', '--port', at])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('is in use') as string })
    blocker.close()
  })
})
