// Processes the demo starts. None survives it: each is in a group of its own (a terminal's Ctrl-C reaches only the demo, which ends them
// in order), and what is still there when this process ends is killed with it.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { GatewayError } from '../../shared/errors.ts'

const graceMilliseconds = 5_000
const lastWordsBytes = 8192

export interface SpawnAs {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly uid?: number
  readonly gid?: number
}

export interface Kept {
  /** Rejects when it ends by itself; never resolves. */
  readonly died: Promise<never>
  /** Resolves with the first match in what it writes to stdout or stderr. */
  says(pattern: RegExp): Promise<RegExpExecArray>
  /** Ends it, and for good when that takes too long. */
  end(): Promise<void>
}

export class Children {
  readonly #running = new Map<ChildProcess, NodeJS.Signals>()
  #over = false

  constructor() {
    process.once('exit', this.#killAll)
  }

  /** Runs a program to its end. @returns what it wrote to stdout @throws GatewayError internal with its last words */
  async output(file: string, args: readonly string[], as: SpawnAs): Promise<string> {
    const child = this.#spawn(file, args, 'SIGTERM', as)
    let [out, words] = ['', '']
    child.stdout!.setEncoding('utf8').on('data', (text: string) => { out += text })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => { words = (words + text).slice(-lastWordsBytes) })
    return new Promise((resolve, reject) => {
      child.once('error', (error) => reject(ended(file, error.message, '')))
      child.once('close', (code, signal) => {
        if (code === 0) resolve(out)
        else reject(ended(file, code ?? signal, out + words))
      })
    })
  }

  /** Starts a program that is to run until it is told to end, with `endSignal`. */
  start(file: string, args: readonly string[], endSignal: NodeJS.Signals, as: SpawnAs): Kept {
    const child = this.#spawn(file, args, endSignal, as)
    const listeners = new Set<() => void>()
    let words = ''
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        words = (words + text).slice(-lastWordsBytes)
        for (const listener of listeners) listener()
      })
    }
    const died = new Promise<never>((_, reject) => {
      child.once('error', (error) => reject(ended(file, error.message, '')))
      child.once('close', (code, signal) => reject(ended(file, code ?? signal, words)))
    })
    died.catch(() => undefined)
    return {
      died,
      says: (pattern) => Promise.race([died, new Promise<RegExpExecArray>((resolve) => {
        const look = () => {
          const found = pattern.exec(words)
          if (found === null) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
      })]),
      end: () => this.#end(child)
    }
  }

  /** Ends all of them, the youngest first. None can be started any more. */
  async end(): Promise<void> {
    this.#over = true
    for (const child of [...this.#running.keys()].reverse()) await this.#end(child)
    process.off('exit', this.#killAll)
  }

  #spawn(file: string, args: readonly string[], endSignal: NodeJS.Signals, as: SpawnAs): ChildProcess {
    if (this.#over) throw new GatewayError('cancelled', 'the demo is ending')
    const options: SpawnOptions = { ...as, stdio: ['ignore', 'pipe', 'pipe'], detached: true }
    const child = spawn(file, args, options)
    this.#running.set(child, endSignal)
    const forget = () => this.#running.delete(child)
    child.once('error', forget)
    child.once('exit', forget)
    return child
  }

  async #end(child: ChildProcess): Promise<void> {
    const signal = this.#running.get(child)
    if (signal === undefined) return
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMilliseconds)
    await gone
    clearTimeout(timer)
  }

  readonly #killAll = () => {
    for (const child of this.#running.keys()) child.kill('SIGKILL')
  }
}

function ended(file: string, how: number | string | null, words: string): GatewayError {
  const last = words.trim().split('\n').slice(-5).join('\n')
  return new GatewayError('internal', `${file.split('/').at(-1)!} ended with ${how}${last === '' ? '' : `:\n${last}`}`)
}
