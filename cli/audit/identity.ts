// An auditor's identity: an X25519 private key in a file of their own, its public half beside it.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { open, rm, stat } from 'node:fs/promises'
import { GatewayError } from '../../shared/errors.ts'
import { readPrivateFile } from '../private-file.ts'

const maxIdentityBytes = 16 * 1024

/** Never overwrites. @returns the public key @throws GatewayError config_invalid */
export async function makeIdentity(path: string): Promise<KeyObject> {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  await writeNew(path, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, 0o600)
  try {
    await writeNew(`${path}.pub`, publicKey.export({ format: 'pem', type: 'spki' }) as string, 0o644)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return publicKey
}

/** @throws GatewayError config_invalid that says what the file is instead */
export async function readIdentity(path: string): Promise<KeyObject> {
  const text = await readPrivateFile(path, maxIdentityBytes)
  if (text === undefined) throw unusable(path, 'does not exist', 'hoop audit identity FILE makes one; what was sealed before opens with the one it was sealed to')
  const { mode } = await stat(path)
  if (process.getuid !== undefined && (mode & 0o077) !== 0) throw unusable(path, 'can be read by other users', `chmod 600 ${path}`)
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    if (text.includes('PUBLIC KEY')) throw unusable(path, 'is a public key', 'name the private one: the file without .pub')
    if (text.includes('ENCRYPTED')) throw unusable(path, 'is encrypted with a passphrase', `openssl pkey -in ${path} -out PLAIN, for as long as it is needed`)
    throw unusable(path, 'is no private key in PEM form', 'hoop audit identity FILE makes one')
  }
  if (key.asymmetricKeyType !== 'x25519') throw unusable(path, `is a key of type ${key.asymmetricKeyType}, not X25519`, 'hoop audit identity FILE makes one')
  return key
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw unusable(path, 'exists already, and is not overwritten', 'choose another name: what was sealed to a lost key opens for nobody')
    throw unusable(path, `cannot be written (${error.code ?? 'unknown error'})`)
  })
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

function unusable(path: string, what: string, hint?: string): GatewayError {
  return new GatewayError('config_invalid', `${path} ${what}`, hint === undefined ? {} : { hint })
}
