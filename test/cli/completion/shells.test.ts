// Completion in the shells themselves, against a real gateway.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestGateway } from '../../support/gateway.ts'
import type { TestPerson } from '../../support/person.ts'
import { Tmux } from '../../support/tmux.ts'

let gateway: TestGateway
let alice: TestPerson
let stranger: TestPerson
let session: string

beforeAll(async () => {
  const nowhere = { address: '127.0.0.1:9', database: 'postgres', credential: { user: 'nobody' } }
  gateway = await TestGateway.start({
    targets: { 'prod-db': nowhere, 'prod-copy': nowhere, 'staging-db': nowhere },
    policy: [{ name: 'all', then: 'allow' }]
  })
  alice = await gateway.person('alice')
  stranger = await gateway.stranger()
  session = (await gateway.openSession('alice', 'prod-db')).id
})
afterAll(async () => {
  await stranger?.leave()
  await gateway?.stop()
})

const environment = (person: TestPerson) => ({ PATH: `${dirname(gateway.hoop)}:${process.env.PATH}`, HOME: person.configDirectory, ...person.environment })

/** What bash would offer behind these words. */
function offered(person: TestPerson, words: readonly string[], extra: Readonly<Record<string, string>> = {}): string[] {
  const script = 'source <(hoop completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hoop; [[ ${#COMPREPLY[@]} -eq 0 ]] || printf "%s\\n" "${COMPREPLY[@]}"'
  const told = spawnSync('bash', ['--norc', '-c', script, 'bash', 'hoop', ...words], { env: { ...environment(person), ...extra }, encoding: 'utf8' })
  expect(told.stderr).toBe('')
  return told.stdout.split('\n').slice(0, -1)
}

describe('bash', () => {
  test('says and offers nothing of a gateway to somebody who has not logged in', () => {
    expect(offered(stranger, ['connect', ''])).toEqual([])
    expect(offered(stranger, ['connect', ''], { HOOP_GATEWAY: 'ftp://wrong' })).toEqual([])
    expect(offered(stranger, ['con'])).toEqual(['connect'])
  })

  test('completes targets, session ids and values behind "="', () => {
    expect(offered(alice, ['connect', 'prod-'])).toEqual(expect.arrayContaining(['prod-db', 'prod-copy']))
    expect(offered(alice, ['connect', 'prod-'])).toHaveLength(2)
    expect(offered(alice, ['sessions', 'show', session.slice(0, 8)])).toEqual([session])
    expect(offered(alice, ['sessions', '--target', '=', 'st'])).toEqual(['staging-db'])
  })

  test('completes at a Tab, typed by a person', async () => {
    const shell = await Tmux.start(['bash', '--norc', '--noprofile', '-i'], {
      cwd: alice.configDirectory,
      env: { ...environment(alice), PS1: '> ', TERM: 'screen' }
    })
    try {
      await shell.type('source <(hoop completion bash)')
      await shell.press('Enter')
      await shell.type('echo ready')
      await shell.press('Enter')
      await shell.see(/^ready/m)
      await shell.type('hoop conn')
      await shell.press('Tab')
      await shell.see(/hoop connect$/m)
      await shell.type('stag')
      await shell.press('Tab')
      await shell.see(/hoop connect staging-db$/m)
    } finally {
      await shell.close()
    }
  })

  test('asks no keychain and waits for nobody: a gateway that is silent costs at most two seconds', async () => {
    const silent = createServer((socket) => { socket.on('error', () => undefined) }).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const began = performance.now()
    expect(offered(stranger, ['connect', ''], { HOOP_GATEWAY: `http://127.0.0.1:${port}`, HOOP_TOKEN: 'hoop_st_x', HOOP_KEYCHAIN: 'auto' })).toEqual([])
    expect(performance.now() - began).toBeLessThan(6_000)
    silent.close()
  })

  test('never offers a name that would do something at the prompt', async () => {
    const profiles = join(stranger.configDirectory, 'profiles')
    await mkdir(profiles, { recursive: true })
    await chmod(profiles, 0o700)
    for (const name of ['a', 'a$(touch pwned)', 'a;x', 'a b', 'a\u001B[2J']) await writeFile(join(profiles, `${name}.json`), '{}', { mode: 0o600 })
    expect(await readdir(profiles)).toHaveLength(5)
    expect(offered(stranger, ['--profile', ''])).toEqual(['a'])
  })
})

/** As a person starts each of them, with nothing of this machine's own configuration. */
const otherShells = {
  zsh: {
    command: ['zsh', '-f', '-i'],
    ready: 'PS1="> "; autoload -U compinit; compinit -D; source <(hoop completion zsh); echo ready'
  },
  fish: {
    command: ['fish', '--no-config', '-i'],
    ready: 'function fish_prompt; echo "> "; end; hoop completion fish | source; echo ready'
  }
} as const

describe.each(Object.entries(otherShells))('%s', (name, { command, ready }) => {
  const installed = spawnSync(name, ['--version']).error === undefined
  const reason = installed ? '' : ` (skipped: ${name} is not installed here)`
  let shell: Tmux

  beforeAll(async () => {
    if (!installed) return
    shell = await Tmux.start(command, {
      columns: 120,
      cwd: alice.configDirectory,
      env: { ...environment(alice), TERM: 'screen', XDG_CONFIG_HOME: alice.configDirectory, XDG_DATA_HOME: alice.configDirectory }
    })
    await shell.type(ready)
    await shell.press('Enter')
    await shell.see(/^ready/m)
  })
  afterAll(() => shell?.close())

  /** Types the words after an empty prompt, presses Tab, and takes them back once that was seen. */
  async function completed(typed: string, seen: RegExp): Promise<void> {
    await shell.type(typed)
    await shell.press('Tab')
    await shell.see(seen)
    await shell.press('C-u', 'C-l')
    await shell.see(/^> *\n?$/)
  }

  test.skipIf(!installed)(`takes its script${reason}`, async () => {
    const script = join(stranger.configDirectory, `hoop.${name}`)
    await writeFile(script, execFileSync(gateway.hoop, ['completion', name], { env: environment(stranger) }))
    execFileSync(name, ['-n', script])
  })

  test.skipIf(!installed)(`completes commands and targets at a Tab${reason}`, async () => {
    await completed('hoop conn', /hoop connect *$/m)
    await completed('hoop connect stag', /hoop connect staging-db *$/m)
  })

  test.skipIf(!installed)(`completes session ids, from their beginning${reason}`, async () => {
    await completed(`hoop sessions show ${session.slice(0, 20)}`, new RegExp(`hoop sessions show ${session}`))
  })

  test.skipIf(!installed)(`completes values behind a flag and behind "="${reason}`, async () => {
    await completed('hoop sessions --status en', /hoop sessions --status ended *$/m)
    await completed('hoop sessions --target=stag', /hoop sessions --target=staging-db *$/m)
  })

  test.skipIf(!installed)(`shows what each is, where there are several${reason}`, async () => {
    await completed('hoop connect prod-', /prod-copy[\s\S]*postgres/)
  })

  test.skipIf(!installed)(`leaves files to the shell where nothing else may stand${reason}`, async () => {
    await writeFile(join(alice.configDirectory, 'report-of-today.sql'), 'SELECT 1')
    await completed('hoop query prod-db -f report-of', /hoop query prod-db -f report-of-today\.sql *$/m)
  })
})

test('names that a listing has shown stay known where the login is in a keychain, and go with the logout', async () => {
  expect((await alice.finish(['targets'])).code).toBe(0)
  const file = join(alice.configDirectory, 'tokens.json')
  const kept = (await readdir(alice.configDirectory)).filter((name) => name.endsWith('.json'))
  expect(kept).toContain('tokens.json')
  // As if it stood in the keychain: not in the file.
  execFileSync('mv', [file, `${file}.away`])
  expect(offered(alice, ['connect', 'stag'])).toEqual(['staging-db'])
  execFileSync('mv', [`${file}.away`, file])
  expect((await alice.finish(['logout'])).code).toBe(0)
  expect(offered(alice, ['connect', 'stag'])).toEqual([])
})
