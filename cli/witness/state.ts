// A witness's folder: its private key, and the last checkpoint of each log. What it has cosigned is on the disk before anybody sees it.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { isOrigin, parseCheckpoint, parseNote, type Checkpoint } from '../../shared/audit/checkpoint.ts'
import { parseWitnessKey, witnessKeyOf } from '../../shared/audit/cosignature.ts'
import { GatewayError } from '../../shared/errors.ts'
import { withLock } from '../lock.ts'
import { makePrivateFolder, readPrivateFile, writePrivateFile } from '../private-file.ts'

export interface WitnessKey {
  readonly name: string
  readonly privateKey: KeyObject
  /** The line that those keep who check cosignatures. */
  readonly verifierKey: string
}

const maxKeyBytes = 16 * 1024
const maxNoteBytes = 64 * 1024

/** Makes the folder and the key. @throws GatewayError conflict when there is a key already; usage for a bad name */
export async function makeWitness(folder: string, name: string): Promise<WitnessKey> {
  if (!isOrigin(name)) throw new GatewayError('usage', `"${name}" cannot name a witness`, { hint: 'such as witness.example.com: no spaces, no "+"' })
  await makePrivateFolder(folder)
  return withLock(join(folder, 'lock'), async () => {
    if (await readPrivateFile(join(folder, 'witness.key'), maxKeyBytes) !== undefined) {
      throw new GatewayError('conflict', `there is a witness in ${folder} already`, { hint: `its key for others: ${join(folder, 'witness.pub')}` })
    }
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const verifierKey = witnessKeyOf(name, publicKey)
    // Its name first: without the key it is no witness yet.
    await writePrivateFile(join(folder, 'witness.pub'), `${verifierKey}\n`)
    await writePrivateFile(join(folder, 'witness.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)
    await syncFolder(folder)
    return { name, privateKey, verifierKey }
  })
}

/** @throws GatewayError config_invalid */
export async function loadWitness(folder: string): Promise<WitnessKey> {
  const [pem, line] = await Promise.all([
    readPrivateFile(join(folder, 'witness.key'), maxKeyBytes),
    readPrivateFile(join(folder, 'witness.pub'), maxKeyBytes)
  ])
  if (pem === undefined || line === undefined) {
    throw new GatewayError('config_invalid', `there is no witness in ${folder}`, { hint: `hoop witness init --state ${folder} --name witness.example.com` })
  }
  try {
    const privateKey = createPrivateKey(pem)
    const { name } = parseWitnessKey(line)
    const verifierKey = witnessKeyOf(name, createPublicKey(privateKey))
    if (verifierKey !== line.trim()) throw new Error('they are of two keys')
    return { name, privateKey, verifierKey }
  } catch (error) {
    throw new GatewayError('config_invalid', `witness.key and witness.pub in ${folder} cannot be used: ${(error as Error).message}`, {
      hint: 'restore both from a copy'
    })
  }
}

/** What was cosigned last. */
export interface Remembered {
  readonly checkpoint: Checkpoint
  /** Signatures included. */
  readonly note: string
}

/**
 * Reads what is known of a log, lets `decide` judge, and keeps what it returns before this resolves. Nobody comes in between, not even
 * another process on the same folder.
 * @param decide the note to remember from now on; undefined: nothing changes
 * @throws GatewayError config_invalid when the memory of that log is damaged; it is never taken for an empty one
 */
export async function remember(
  folder: string,
  origin: string,
  decide: (last: Remembered | undefined) => string | undefined
): Promise<void> {
  const path = join(folder, 'logs', createHash('sha256').update(origin).digest('hex'))
  await withLock(`${path}.lock`, async () => {
    const note = decide(await recall(path, origin))
    if (note === undefined) return
    await writePrivateFile(path, note)
    await syncFolder(join(folder, 'logs'))
  })
}

async function recall(path: string, origin: string): Promise<Remembered | undefined> {
  const note = await readPrivateFile(path, maxNoteBytes)
  if (note === undefined) return undefined
  try {
    const checkpoint = parseCheckpoint(parseNote(Buffer.from(note)).text)
    if (checkpoint.origin !== origin) throw new Error(`is of the log "${checkpoint.origin}"`)
    return { checkpoint, note }
  } catch (error) {
    throw new GatewayError('config_invalid', `what this witness remembers of ${origin} is damaged: ${path} ${(error as Error).message}`, {
      hint: 'restore the file from a copy: without it the witness would cosign a log that was rewritten'
    })
  }
}

/** A new name in a folder survives a crash only after this. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
