// The operator's own command, told about a review: no shell, JSON on stdin, one deadline. What it prints is not read.
import { spawn } from 'node:child_process'
import type { Delivery } from './webhook.ts'

export interface Run {
  readonly command: readonly string[]
  readonly stdin: string
  readonly timeoutMilliseconds: number
  readonly signal: AbortSignal
}

/** Exit code 0 within the time is delivered. A command is run once: it may have done half of its work. Never rejects. */
export function run({ command: [program, ...args], stdin, timeoutMilliseconds, signal }: Run): Promise<Delivery> {
  return new Promise((resolve) => {
    // A group of its own, so that what it started ends with it.
    const child = spawn(program!, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, shell: false })
    const stop = (reason: string) => {
      // A process that could not be started has no group.
      if (child.pid !== undefined) try { process.kill(-child.pid, 'SIGKILL') } catch { /* it has ended */ }
      finish({ result: 'failed', reason })
    }
    const stopped = () => stop('the gateway is shutting down')
    const deadline = setTimeout(() => stop('it took too long'), timeoutMilliseconds)
    const finish = (delivery: Delivery) => {
      clearTimeout(deadline)
      signal.removeEventListener('abort', stopped)
      resolve(delivery)
    }
    signal.addEventListener('abort', stopped, { once: true })
    child.once('error', (error: NodeJS.ErrnoException) => finish({ result: 'failed', reason: `it cannot be started: ${error.code ?? 'unknown error'}` }))
    child.once('exit', (code, killed) => {
      finish(code === 0 ? { result: 'delivered' } : { result: 'failed', reason: killed === null ? `it ended with ${code}` : `it ended with ${killed}` })
    })
    // It need not read what it is told.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
  })
}
