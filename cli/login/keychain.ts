// The system's keychain: Secret Service on Linux, Keychain on macOS, Credential Manager on Windows.
// Its library runs in a child process: it blocks the thread that calls it, for ever where a session bus accepts and never answers, and
// neither a timer nor the end of the process can interrupt that; a child can be killed. Secrets travel over its IPC pipe only.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'

/** Entries of one service, by account name. Every method rejects where the keychain refuses, fails or takes too long. */
export interface Keychain {
  get(name: string): Promise<string | undefined>
  set(name: string, text: string): Promise<void>
  delete(name: string): Promise<void>
}

const service = 'hoop'
/** By then a person may be looking at a window that asks to unlock the keychain. */
const explainAfterMilliseconds = 2_000

/**
 * What the child runs. The store is pinned: left to itself the library falls back to the kernel's keyring without a word,
 * and everything in there is gone after the last logout.
 */
const childProgram = `
const { AsyncEntry } = require(process.argv[1])
const acts = {
  get: (entry) => entry.getPassword(),
  set: (entry, text) => entry.setPassword(text),
  delete: (entry) => entry.deletePassword()
}
process.on('message', async ({ id, act, name, text }) => {
  try {
    const entry = new AsyncEntry('${service}', name, { linux: { store: 'secret-service' } })
    process.send({ id, value: await acts[act](entry, text) ?? null })
  } catch (error) {
    process.send({ id, error: String(error.message) })
  }
})
process.send({ id: 0, value: null })
`

export interface KeychainOptions {
  readonly say: (line: string) => void
  /** How long one answer may take. */
  readonly patienceMilliseconds: number
}

interface Answer { readonly id: number, readonly value?: unknown, readonly error?: string }

/** @returns undefined where there is no keychain that answers */
export async function openKeychain(o: KeychainOptions): Promise<Keychain | undefined> {
  let library: string
  try {
    library = createRequire(import.meta.url).resolve('@napi-rs/keyring')
  } catch {
    return undefined
  }
  const child = startChild(library, o)
  try {
    await child.ask('get', 'probe')
  } catch {
    return undefined
  }
  return {
    async get(name) {
      const value = await child.ask('get', name)
      return typeof value === 'string' ? value : undefined
    },
    async set(name, text) { await child.ask('set', name, text) },
    async delete(name) { await child.ask('delete', name) }
  }
}

/** The child's end answers every question still open. It keeps this process alive only while one is. */
function startChild(library: string, { say, patienceMilliseconds }: KeychainOptions) {
  const child = spawn(process.execPath, ['--input-type=commonjs', '-e', childProgram, library], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const waiting = new Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>()
  let asked = 0
  let ended = false
  let explained = false

  const kill = () => { child.kill('SIGKILL') }
  const rest = () => { child.unref(); child.channel?.unref() }
  const end = () => {
    ended = true
    process.off('exit', kill)
    for (const { reject } of waiting.values()) reject(new Error('the keychain is gone'))
    waiting.clear()
  }
  process.once('exit', kill)
  child.once('error', end)
  child.once('exit', end)
  child.on('message', (message) => {
    const { id, value, error } = message as Answer
    const question = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) rest()
    if (error === undefined) question?.resolve(value)
    else question?.reject(new Error(error))
  })
  rest()

  return {
    async ask(act: 'get' | 'set' | 'delete', name: string, text?: string): Promise<unknown> {
      if (ended) throw new Error('the keychain is gone')
      const id = ++asked
      const explain = setTimeout(() => {
        if (!explained) say('waiting for the system keychain; a window may be asking to unlock it')
        explained = true
      }, explainAfterMilliseconds)
      const giveUp = setTimeout(kill, patienceMilliseconds)
      child.ref()
      child.channel?.ref()
      try {
        return await new Promise((resolve, reject) => {
          waiting.set(id, { resolve, reject })
          child.send({ id, act, name, text }, (error) => { if (error) reject(error) })
        })
      } finally {
        clearTimeout(explain)
        clearTimeout(giveUp)
      }
    }
  }
}
