import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  checkpointText,
  isOrigin,
  openCheckpoint,
  openNote,
  parseVerifierKey,
  signNote,
  verifierKeyOf
} from '../../shared/audit/checkpoint.ts'
import vectors from '../vectors/audit-signed-notes.json' with { type: 'json' }

const [peter] = vectors.notes
const note = `${peter!.text}\n${peter!.signature}`
const verifier = parseVerifierKey(peter!.verifierKey)
const open = (text: string) => openNote(Buffer.from(text), verifier)

/** `PRIVATE+KEY+name+hash+base64(0x01 || seed)` as the Go implementation writes it. */
function privateKeyOf(signerKey: string) {
  const seed = Buffer.from(signerKey.split('+').slice(4).join('+'), 'base64').subarray(1)
  return createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
}

describe('signed notes', () => {
  test.each([
    ['no signature', peter!.text],
    ['an empty signature part', `${peter!.text}\n`],
    ['a signature without newline', note.slice(0, -1)],
    ['a control character', `\u0001${note}`],
    ['a carriage return', note.replace('\n', '\r\n')],
    ['a space in the key name', note.replace('— PeterNeumann', '— Bad Name')],
    ['a line after the signature', `${note}Unexpected line.\n`],
    ['a changed text', note.replace('cryptography', 'cryptographx')],
    ['a text without its last newline', note.replace('problem is.\n', 'problem is.')],
    ['a changed signature', note.replace('RyyBwJnAM=', 'RyyBwJnBM=')],
    ['another spelling of the same signature bytes', note.replace('RyyBwJnAM=', 'RyyBwJnAN=')],
    ['a hyphen for the dash', note.replace('—', '-')],
    ['another key name', note.replace('— PeterNeumann', '— PeterNeuman')],
    ['a wrong signature of the key before a right one', `${peter!.text}\n${peter!.signature.replace('RyyBwJnAM=', 'RyyBwJnBM=')}${peter!.signature}`],
    ['too many signatures', `${peter!.text}\n${peter!.signature.repeat(17)}`],
    ['more than 64 KiB', `${'x'.repeat(70_000)}\n${note}`]
  ])('%s is refused', (_, text) => {
    expect(() => open(text)).toThrow(expect.objectContaining({ code: 'bad_request' }))
  })

  test('what is no UTF-8 is refused', () => {
    expect(() => openNote(Buffer.concat([Buffer.from([0xff]), Buffer.from(note)]), verifier)).toThrow(/UTF-8/)
  })

  test('every flipped bit of a note is noticed', () => {
    const bytes = Buffer.from(note)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => openNote(flipped, verifier), `bit ${bit}`).toThrow()
    }
  })

  test('the reference implementation\'s note opens, also among signatures of others', () => {
    expect(open(note)).toBe(peter!.text)
    const others = Array.from({ length: 15 }, (_, i) => `— other.example/${i} ${Buffer.alloc(68, i).toString('base64')}\n`).join('')
    expect(open(`${peter!.text}\n${others}${peter!.signature}`)).toBe(peter!.text)
  })

  test('signing its text with its key makes the same note, byte for byte', () => {
    const key = privateKeyOf(peter!.signerKey)
    expect(signNote(peter!.text, 'PeterNeumann', key)).toBe(note)
    expect(verifierKeyOf('PeterNeumann', createPublicKey(key))).toBe(peter!.verifierKey)
  })
})

describe('verifier keys', () => {
  test.each([
    ...vectors.badVerifierKeys.map(({ why, key }): [string, string] => [why, key]),
    ['nothing', ''],
    ['no hash', 'PeterNeumann+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['another name', peter!.verifierKey.replace('PeterNeumann', 'PaulNeumann')],
    ['another hash', peter!.verifierKey.replace('c74f20a3', 'c74f20a4')],
    ['a cut key', peter!.verifierKey.slice(0, -4)],
    ['a space in the name', peter!.verifierKey.replace('Peter', 'Peter ')],
    ['a private key', peter!.signerKey]
  ])('%s is refused', (_, key) => {
    expect(() => parseVerifierKey(key)).toThrow(expect.objectContaining({ code: 'bad_request' }))
  })

  test('keys whose base64 holds "+" are read', () => {
    let key
    do key = verifierKeyOf('a.example', generateKeyPairSync('ed25519').publicKey)
    while (key.split('+').length < 4)
    expect(parseVerifierKey(`${key}\n`).name).toBe('a.example')
  })
})

describe('checkpoints', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const { checkpoint } = vectors
  const mine = parseVerifierKey(verifierKeyOf(checkpoint.origin, publicKey))
  const signed = (text: string, name = checkpoint.origin) => Buffer.from(signNote(text, name, privateKey))

  test('the text is that of the specification\'s example, and reads back', () => {
    const facts = { origin: checkpoint.origin, size: checkpoint.size, rootHash: Buffer.from(checkpoint.rootHash, 'base64') }
    expect(checkpointText(facts)).toBe(checkpoint.text)
    expect(openCheckpoint(signed(checkpoint.text), mine)).toEqual(facts)
  })

  test.each([
    ['another log\'s name', checkpoint.text.replace('behind', 'before')],
    ['a size with a leading zero', checkpoint.text.replace('\n2', '\n02')],
    ['a negative size', checkpoint.text.replace('\n2', '\n-2')],
    ['a size beyond 2^53', checkpoint.text.replace('20852163', '9007199254740993')],
    ['a short root', checkpoint.text.replace('CsUY', '')],
    ['a root spelled another way', checkpoint.text.replace('xq2I=', 'xq2J=')],
    ['two lines', checkpoint.text.split('\n').slice(0, 2).join('\n') + '\n'],
    ['a fourth line', `${checkpoint.text}more\n`],
    ['an empty line', `${checkpoint.text}\n`]
  ])('%s is refused, though it is signed', (_, text) => {
    expect(() => openCheckpoint(signed(text), mine)).toThrow(expect.objectContaining({ code: 'bad_request' }))
  })

  test('another key of the same name is refused', () => {
    const forged = signNote(checkpoint.text, checkpoint.origin, generateKeyPairSync('ed25519').privateKey)
    expect(() => openCheckpoint(Buffer.from(forged), mine)).toThrow(/not signed by the key/)
  })

  test.each(['', 'a b', 'a+b', 'a\nb', 'a\u00a0b', 'a\u0007'])('%j cannot be a log\'s name', (name) => {
    expect(isOrigin(name)).toBe(false)
  })
})
