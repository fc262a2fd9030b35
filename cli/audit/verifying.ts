// Verifying a log's folder, with what those who do so give besides: the options, and what they name.
import { join } from 'node:path'
import type { LogFiles, VerifyReport } from '../../shared/audit/verify.ts'
import { collected } from '../collected.ts'
import { keyLine, openLog, readWhole } from '../log-files.ts'

export const keyOption = ['--key <file>', 'the log\'s public key, kept where its owner cannot write (default: log.pub in the folder)'] as const
export const checkpointOption = ['--checkpoint <file>', 'a signed checkpoint kept elsewhere; give it once for each', collected, [] as readonly string[]] as const
export const witnessOption = [
  '--witness <key>',
  'a witness\'s key, its line or a file with it; give it once for each. Each must have cosigned the log',
  collected,
  [] as readonly string[]
] as const

export interface VerifyFlags {
  readonly key?: string
  readonly checkpoint: readonly string[]
  readonly witness: readonly string[]
}

/** What a key that came from the log's own folder leaves open. */
export const ownKeyNote = 'the key came from the log\'s own folder: whoever can write there could have changed both (name yours with --key)'

export interface Verifying {
  readonly files: LogFiles
  /** The one that was given, or the folder's own. */
  readonly keyFile: string
  readonly keyFromFolder: boolean
  /** @param progress told the number of entries read, every few thousand */
  verify(progress: (entries: number) => void): Promise<VerifyReport>
}

/** Reads all that was named. @throws GatewayError bad_request that says what is missing or not what it should be */
export async function prepareVerifying(directory: string, { key, checkpoint, witness }: VerifyFlags): Promise<Verifying> {
  const files = await openLog(directory)
  const keyFile = key ?? join(directory, 'log.pub')
  const verifierKey = await keyLine(keyFile)
  const witnesses = await Promise.all(witness.map(keyLine))
  const kept = await Promise.all(checkpoint.map(readWhole))
  return {
    files,
    keyFile,
    keyFromFolder: key === undefined,
    async verify(progress) {
      const { verifyLog } = await import('../../shared/audit/verify.ts')
      return verifyLog(files, verifierKey, progress, kept, witnesses)
    }
  }
}
