// The command that `hoop connect TARGET -- COMMAND` runs: on the same terminal, with the port in its environment.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { GatewayError } from '../../shared/errors.ts'

export interface WrappedOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Everything the command gets; hoop's own secrets are not among it. */
  readonly environment: Readonly<Record<string, string>>
  /** Ctrl-C already reached the command: a terminal sends it to every process in the foreground. */
  readonly onTerminal: boolean
  /** Hands hoop's own signals to the listener until the returned function is called. */
  readonly divertSignals: (listener: (signal: NodeJS.Signals) => void) => () => void
}

/**
 * @returns the command's exit code, 128 plus the signal's number when one ended it, 127 when there is no such command
 * (126: it cannot be run), with the error that says so
 */
export function runWrapped(options: WrappedOptions): Promise<{ code: number, error?: GatewayError }> {
  const { command, args, environment, onTerminal, divertSignals } = options
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: 'inherit', env: { ...environment } })
    const restore = divertSignals((signal) => {
      if (signal !== 'SIGINT' || !onTerminal) child.kill(signal)
    })
    child.once('error', (cause: NodeJS.ErrnoException) => {
      restore()
      const missing = cause.code === 'ENOENT'
      const error = new GatewayError('usage', missing ? `there is no command "${command}"` : `"${command}" cannot be run (${cause.code ?? cause.message})`, { cause })
      resolve({ code: missing ? 127 : 126, error })
    })
    child.once('exit', (code, signal) => {
      restore()
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) })
    })
  })
}
