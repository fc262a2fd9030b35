// Secrets by reference: `env:NAME`, `file:PATH`, `exec:COMMAND`. Read when needed, so that a rotated file or a short-lived
// password is picked up; environment values are taken once at start and removed from the environment of child processes.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { GatewayError } from '../shared/errors.ts'

const run = promisify(execFile)
const maxSecretBytes = 64 * 1024
const execTimeoutMilliseconds = 10_000

export type SecretReference = string & { readonly __secret?: never }

export const secretPattern = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+|exec:.+)$/

export function isSecretReference(text: string): text is SecretReference {
  return secretPattern.test(text)
}

export interface Secrets {
  /** The secret's text without one trailing newline. @throws GatewayError config_invalid naming the reference, never the value */
  read(reference: SecretReference): Promise<string>
}

/**
 * @param folder relative `file:` paths start here: the folder of the configuration file
 * @param environment taken over: each variable named by an `env:` reference is deleted from it
 */
export function createSecrets(folder: string, environment: NodeJS.ProcessEnv, references: readonly SecretReference[]): Secrets {
  const taken = new Map<string, string>()
  for (const reference of references) {
    if (!reference.startsWith('env:')) continue
    const name = reference.slice(4)
    const value = environment[name]
    if (value !== undefined) taken.set(name, value)
  }
  for (const name of taken.keys()) delete environment[name]

  const unreadable = (reference: string, why: string, cause?: unknown) =>
    new GatewayError('config_invalid', `the secret ${reference} cannot be read: ${why}`, { cause })

  return {
    async read(reference) {
      const [scheme, rest] = [reference.slice(0, reference.indexOf(':')), reference.slice(reference.indexOf(':') + 1)]
      if (scheme === 'env') {
        const value = taken.get(rest)
        if (value === undefined) throw unreadable(reference, 'the variable was not set when the gateway started')
        return value
      }
      const text = scheme === 'file'
        ? await readFile(resolve(folder, rest), 'utf8').catch((error: NodeJS.ErrnoException) => {
            throw unreadable(reference, error.code ?? 'unknown error')
          })
        : await run('/bin/sh', ['-c', rest], { timeout: execTimeoutMilliseconds, maxBuffer: maxSecretBytes, cwd: folder })
            .then((result) => result.stdout, (error: { code?: number | string, killed?: boolean }) => {
              throw unreadable(reference, error.killed ? 'it took longer than 10 s' : `it ended with ${error.code ?? 'an error'}`)
            })
      if (Buffer.byteLength(text) > maxSecretBytes) throw unreadable(reference, 'it is larger than 64 KiB')
      return text.replace(/\r?\n$/, '')
    }
  }
}
