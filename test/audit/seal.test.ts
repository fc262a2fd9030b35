// Sealing: the bytes of the format, what opens with which key and what does not, large texts, and a key that is forgotten or destroyed.
import { createDecipheriv, createHash, createHmac, createPrivateKey, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeDisk } from '../../server/audit/disk.ts'
import { readRecipients } from '../../server/audit/recipients.ts'
import { openRedactions } from '../../server/audit/redactions.ts'
import { createSealing, SessionSeal } from '../../server/audit/seal.ts'
import { SessionKeys } from '../../server/audit/session-keys.ts'
import { readFrame, type Attachment } from '../../shared/audit/frame.ts'
import { openSealed, sealedKeys } from '../../shared/audit/sealed.ts'
import { parseSessionKeyFile, recipientKeyFrom, recipientKeyLine, sessionKeyPath, unwrapSessionKey, wrapSessionKey } from '../../shared/audit/session-key.ts'
import { verifyLog } from '../../shared/audit/verify.ts'
import { GatewayError } from '../../shared/errors.ts'
import type { Operation, StatementOperation } from '../../shared/model.ts'
import { openBase } from './hpke.ts'
import { entriesOf, openIn, origin, temporary, TestDisk } from './logs.ts'
import { beat, filesIn } from './sample.ts'

const session = '01k5b2y8v4s0q9m3t7x6c1n0ad'
const keysOf = (key: Uint8Array) => sealedKeys(key, origin, session)
const mebibyte = 1024 * 1024

interface Vector {
  readonly origin: string
  readonly session: string
  readonly sessionKey: string
  readonly identities: readonly string[]
  readonly keyFile: string
  readonly statement: {
    readonly text: string
    readonly sha256: string
    readonly parameters: readonly (string | null)[]
    readonly formats: readonly number[]
  }
  readonly attachments: readonly string[]
  readonly textIn: number
}

function statement(text: string, parameters: StatementOperation['parameters'] = [], parameterFormats?: number[]): StatementOperation {
  return {
    kind: 'statement',
    step: 'execute',
    text,
    sha256: createHash('sha256').update(text).digest('hex'),
    parameters,
    ...(parameterFormats === undefined ? {} : { parameterFormats }),
    effects: ['read'],
    relations: [],
    functions: [],
    flags: [],
    verb: 'SELECT'
  }
}

/** What a reader of the segment puts together. */
function bytesOf({ frames }: Attachment): Buffer {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < frames.length;) {
    const frame = readFrame(frames, at)
    if (typeof frame === 'string' || !frame.attachment) throw new Error('no attachment')
    pieces.push(frame.bytes)
    at = frame.end
  }
  return Buffer.concat(pieces)
}

function sealOf(key = randomBytes(32), elapsed = () => 0): { readonly seal: SessionSeal, readonly key: Buffer } {
  return { seal: new SessionSeal(Buffer.from(key), { origin, session, elapsed }), key }
}

async function one(seal: SessionSeal, operation: Operation): Promise<Attachment> {
  return (await seal.each([operation])).attachments[0]!
}

describe('the format', async () => {
  const vector = JSON.parse(await readFile(join(import.meta.dirname, '../vectors/audit-sealed.json'), 'utf8')) as Vector
  const { text, sha256 } = vector.statement
  const parameters = vector.statement.parameters.map((hex) => hex === null ? null : Buffer.from(hex, 'hex'))

  test('of a key file opens by another hand, written from RFC 9180, for each recipient', () => {
    const { recipients } = parseSessionKeyFile(Buffer.from(vector.keyFile))
    expect(recipients.map(({ name }) => name)).toEqual(['auditor', 'deputy'])
    for (const [i, { enc, wrapped }] of recipients.entries()) {
      const opened = openBase(
        createPrivateKey(vector.identities[i]!),
        Buffer.from(enc, 'base64'),
        Buffer.from('hoop audit session key v1'),
        Buffer.from(`${vector.origin}\n${vector.session}`),
        Buffer.from(wrapped, 'base64')
      )
      expect(opened.toString('hex')).toBe(vector.sessionKey)
    }
  })

  test('of an attachment opens by another hand, and says what was sealed', () => {
    const bytes = Buffer.from(vector.attachments[0]!, 'base64')
    expect(bytes.subarray(0, 17).toString('hex')).toBe(`02${'0'.repeat(32)}`)
    const info = `hoop audit sealed v2\n{"origin":"${vector.origin}","session":"${vector.session}"}`
    const keys = Buffer.from(hkdfSync('sha256', Buffer.from(vector.sessionKey, 'hex'), '', info, 64))
    expect(createHmac('sha256', keys.subarray(32)).update(bytes.subarray(0, -16)).digest('hex').slice(0, 32)).toBe(bytes.toString('hex', bytes.length - 16))
    const plain = createDecipheriv('aes-256-ctr', keys.subarray(0, 32), bytes.subarray(1, 17)).update(bytes.subarray(17, -16))
    const head = `{"statements":[{"formats":[0,1,0],"parameters":[2,8,null],"sha256":"${sha256}","text":${Buffer.byteLength(text)}}]}`
    const said = Buffer.concat([Buffer.of(0, 0, 0, head.length), Buffer.from(head + text), ...parameters.flatMap((value) => value ?? [])])
    expect(plain.subarray(0, said.length).equals(said)).toBe(true)
    expect(plain.length).toBe(Math.ceil(said.length / 64) * 64)
    expect(plain.subarray(said.length).every((byte) => byte === 0)).toBe(true)
  })

  test('is read, and written again byte for byte', async () => {
    const key = Buffer.from(vector.sessionKey, 'hex')
    const deputy = createPrivateKey(vector.identities[1]!)
    expect(Buffer.from(await unwrapSessionKey(parseSessionKeyFile(Buffer.from(vector.keyFile)), deputy)).equals(key)).toBe(true)
    const seal = new SessionSeal(Buffer.from(key), { ...vector, elapsed: () => 0 })
    const operation = { ...statement(text, parameters), parameterFormats: vector.statement.formats }
    const first = await seal.each([operation])
    first.written([vector.textIn])
    const second = await one(seal, operation)
    expect([bytesOf(first.attachments[0]!), bytesOf(second)].map((bytes) => bytes.toString('base64'))).toEqual(vector.attachments)
    const [opened] = openSealed(Buffer.from(vector.attachments[1]!, 'base64'), sealedKeys(key, vector.origin, vector.session))
    expect(opened).toEqual({ sha256, textIn: 17, parameters, formats: [0, 1, 0] })
  })
})

describe('what is sealed', () => {
  test.each([
    ['a plain text', 'SELECT 1', []],
    ['no text at all', '', []],
    ['text with everything', 'SELECT \'\u0000\u001b€🙂\u2028"\\\'', []],
    ['parameters of any bytes', 'SELECT $1, $2, $3', [Buffer.from([0, 255, 128]), null, Buffer.alloc(0)]],
    ['what fills its padding', 'x'.repeat(1000), [randomBytes(17)]],
    ['more than one step', 'SELECT $1', [], 3 * mebibyte + 5]
  ])('comes back exactly: %s', async (_, text, given, more = 0) => {
    const parameters = more === 0 ? given : [randomBytes(more)]
    const { seal, key } = sealOf()
    const attachment = await one(seal, statement(text, parameters, [1]))
    const bytes = bytesOf(attachment)
    expect(attachment.facts).toEqual({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
    const [opened] = openSealed(bytes, keysOf(key))
    expect(Buffer.from(opened!.text!).toString()).toBe(text)
    expect(opened!.parameters.length).toBe(parameters.length)
    const same = opened!.parameters.map((value, i) => value === null ? parameters[i] === null : Buffer.from(value).equals(parameters[i]!))
    expect(same).not.toContain(false)
    expect(opened!.formats).toEqual([1])
  })

  test('never uses a block of a keystream twice, long texts and short ones by turns', async () => {
    const { seal } = sealOf()
    const texts = Array.from({ length: 200 }, (_, i) => i % 50 === 0 ? 'x'.repeat(2 * mebibyte) : 'x'.repeat(i * 37))
    const all = (await Promise.all(texts.map((text) => one(seal, statement(text))))).map(bytesOf)
    const spans = all.map((bytes) => [bytes.readBigUInt64BE(1), bytes.readBigUInt64BE(9), BigInt(bytes.length - 33) / 16n] as const)
    const ends = new Map<bigint, bigint>()
    for (const [stream, block, blocks] of spans.sort(([a, b], [c, d]) => Number(a - c || b - d))) {
      expect(block).toBe(ends.get(stream) ?? 0n)
      ends.set(stream, block + blocks)
    }
    expect([...ends.keys()]).toEqual([0n, 1n, 2n, 3n, 4n])
  })

  test('is never the same for the same statement', async () => {
    const { seal } = sealOf()
    const all = (await Promise.all(Array.from({ length: 200 }, () => one(seal, statement('SELECT 1'))))).map(bytesOf)
    expect(new Set(all.map((bytes) => bytes.toString('hex', 17, 81))).size).toBe(200)
  })

  test('leaves a text out that was written less than an hour ago, and only then', async () => {
    let time = 0
    const { seal, key } = sealOf(randomBytes(32), () => time)
    const opened = async () => openSealed(bytesOf(await one(seal, statement('SELECT $1', [Buffer.from('a')]))), keysOf(key))[0]!
    const first = await seal.each([{ kind: 'cancel', connection: 2 }, statement('SELECT $1')])
    expect(first.attachments[0]).toBeUndefined()
    // Not written yet: another connection seals the text once more.
    expect(await opened()).not.toHaveProperty('textIn')
    first.written([40, 41])
    time = 60 * 60 * 1000 - 1
    expect(await opened()).toMatchObject({ textIn: 41, parameters: [Buffer.from('a')] })
    // Sealed by reference before the hour is over, written after: the reference is not taken for the text.
    const late = await seal.each([statement('SELECT $1')])
    time += 1
    late.written([99])
    expect(await opened()).toHaveProperty('text')
  })

  test('with many texts remembers some of them', async () => {
    const { seal, key } = sealOf()
    for (let i = 0; i < 1500; i++) (await seal.each([statement(`SELECT ${i}`)])).written([i])
    const known = async (i: number) => openSealed(bytesOf(await one(seal, statement(`SELECT ${i}`))), keysOf(key))[0]!.textIn
    expect([await known(3), await known(1499)]).toEqual([undefined, 1499])
  })

  test('of several statements together has all their texts', async () => {
    const { seal, key } = sealOf()
    const opened = openSealed(bytesOf(await seal.together([statement('SELECT 1'), statement('SELECT $1', [Buffer.from('b')])])), keysOf(key))
    expect(opened.map(({ text }) => Buffer.from(text!).toString())).toEqual(['SELECT 1', 'SELECT $1'])
  })

  test('opens with no other key, session, log, or byte', async () => {
    const { seal, key } = sealOf()
    const bytes = bytesOf(await one(seal, statement('SELECT 4711')))
    expect(openSealed(bytes, keysOf(key))).toHaveLength(1)
    const refused = { code: 'bad_request', message: expect.stringMatching(/^what is sealed cannot be opened: /) }
    for (const keys of [keysOf(randomBytes(32)), sealedKeys(key, origin, '0'.repeat(26)), sealedKeys(key, 'other', session)]) {
      expect(() => openSealed(bytes, keys)).toThrow(expect.objectContaining(refused) as Error)
    }
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      expect(() => openSealed(changed, keysOf(key))).toThrow(expect.objectContaining(refused) as Error)
      expect(() => openSealed(bytes.subarray(0, at), keysOf(key))).toThrow(expect.objectContaining(refused) as Error)
    }
  })

  test('ends with the key: nothing is sealed once it is forgotten, and its bytes are gone', async () => {
    const key = randomBytes(32)
    const seal = new SessionSeal(key, { origin, session, elapsed: () => 0 })
    await one(seal, statement('SELECT 1'))
    seal.forget()
    seal.forget()
    expect(key.equals(Buffer.alloc(32))).toBe(true)
    await expect(one(seal, statement('SELECT 1'))).rejects.toMatchObject({ code: 'session_ended' })
    await expect(seal.together([statement('SELECT 1')])).rejects.toMatchObject({ code: 'session_ended' })
  })

  test('forgotten while a large text is half sealed, the rest is sealed with the same key', async () => {
    const { seal, key } = sealOf()
    const text = 'x'.repeat(4 * mebibyte)
    const under = one(seal, statement(text))
    seal.forget()
    expect(openSealed(bytesOf(await under), keysOf(key))[0]!.text).toHaveLength(text.length)
  })

  test('of 64 MiB is sealed in turns with others, and takes its own size and little more', { timeout: 60_000 }, async () => {
    const { seal, key } = sealOf()
    const operation = statement('y'.repeat(64 * mebibyte))
    let turns = 0
    let longest = 0
    let last = performance.now()
    let going = true
    const tick = () => {
      turns++
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
      if (going) setImmediate(tick)
    }
    setImmediate(tick)
    const before = process.memoryUsage().arrayBuffers
    const attachment = await one(seal, operation)
    const grown = process.memoryUsage().arrayBuffers - before
    going = false
    expect(turns).toBeGreaterThan(50)
    // Its UTF-8 and its frames; what the cipher gives in between is a mebibyte each, and may not be collected yet.
    expect(grown).toBeLessThan(3.5 * 64 * mebibyte)
    process.stdout.write(`64 MiB: the loop waited ${longest.toFixed(0)} ms at most, memory grew by ${(grown / mebibyte).toFixed(0)} MiB\n`)
    expect(openSealed(bytesOf(attachment), keysOf(key))[0]!.text).toHaveLength(64 * mebibyte)
  })
})

describe('a session\'s key', () => {
  const pair = () => generateKeyPairSync('x25519')

  test('opens for each recipient, and for nobody else', async () => {
    const [ines, omar, stranger] = [pair(), pair(), pair()]
    const key = randomBytes(32)
    const file = parseSessionKeyFile(Buffer.from(await wrapSessionKey(key, [{ name: 'ines', ...ines }, { name: 'omar', ...omar }], origin, session)))
    for (const { privateKey } of [ines, omar]) expect(Buffer.from(await unwrapSessionKey(file, privateKey)).equals(key)).toBe(true)
    await expect(unwrapSessionKey(file, stranger.privateKey)).rejects.toMatchObject({ code: 'denied', hint: expect.stringMatching(/sealed to: ines \([0-9a-f]{32}\), omar/) })
    // Nor where anything of it was changed.
    const other = { ...file, recipients: file.recipients.map((recipient) => ({ ...recipient, enc: recipient.wrapped.slice(0, 44) })) }
    for (const changed of [other, { ...file, session: '0'.repeat(26) }, { ...file, origin: 'other' }]) {
      await expect(unwrapSessionKey(changed, ines.privateKey)).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('damaged') })
    }
  })

  test.each([['nonsense'], ['{}'], ['{"version":2,"origin":"o","session":"s","recipients":[]}'], ['null']])('in a file of %s is told as damaged', (text) => {
    expect(() => parseSessionKeyFile(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'bad_request', message: expect.stringContaining('damaged') as string }) as Error)
  })

  test('is taken for a recipient as PEM and as its one line', () => {
    const { publicKey } = pair()
    const pem = publicKey.export({ format: 'pem', type: 'spki' }) as string
    expect(recipientKeyLine(publicKey)).toMatch(/^MCowBQYDK2VuAyEA[A-Za-z0-9+/]{43}=$/)
    for (const text of [pem, `\n${pem}\n`, recipientKeyLine(publicKey), pem.split('\n')[1]!]) expect(recipientKeyFrom(text).equals(publicKey)).toBe(true)
  })

  test.each([
    ['a private key', pair().privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, 'is a private key'],
    ['an Ed25519 key', generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' }) as string, 'ed25519, not X25519'],
    ['nonsense', 'hello', 'is no public key'],
    ['nothing', '', 'is no public key'],
    ['a point of small order', `MCowBQYDK2VuAyEA${Buffer.alloc(32).toString('base64')}`, 'that nothing can be encrypted to']
  ])('is not wrapped for %s', async (_, text, message) => {
    await expect(readRecipients([{ name: 'ines', key: async () => text }])).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(new RegExp(`^audit\\.sealTo\\.0\\.key \\(ines\\): .*${message}`)),
      hint: expect.stringContaining('hoop audit identity')
    })
  })

  test('is in its file, durable, before it is used; its file is for the gateway alone', async () => {
    const directory = await temporary()
    const { disk, calls } = new TestDisk()
    const { publicKey } = pair()
    const sealing = createSealing({ origin, recipients: [{ name: 'ines', publicKey }], keys: new SessionKeys(directory, disk), elapsed: () => 0 })
    const { facts } = await sealing.begin(session)
    const path = join(directory, sessionKeyPath(session))
    expect(facts).toEqual({ sha256: createHash('sha256').update(await readFile(path)).digest('hex'), recipients: ['ines'] })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    // The file, its folder, that folder's folder, and the log's own.
    expect(calls.fsync).toBe(4)
    await sealing.begin('01k5b2y8v4s0q9m3t7x6c1n0ae')
    expect(calls.fsync).toBe(6)
  })

  test('that cannot be written is no session', async () => {
    const disk = new TestDisk()
    disk.fail('fsync', 'ENOSPC')
    const sealing = createSealing({ origin, recipients: [{ name: 'ines', ...pair() }], keys: new SessionKeys(await temporary(), disk.disk), elapsed: () => 0 })
    await expect(sealing.begin(session)).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('ENOSPC') })
  })
})

describe('a redaction', () => {
  const actor = { issuer: 'https://id.example.com', subject: 'root', groups: [], kind: 'human' } as const

  async function scene(disk = new TestDisk()) {
    const directory = await temporary()
    const log = await openIn(directory)
    const keys = new SessionKeys(directory, disk.disk)
    await keys.write(session, '{"secret":"wrapped"}')
    await log.append([beat()])
    const redactions = await openRedactions({ directory, audit: log, keys, disk: disk.disk })
    return { directory, log, keys, path: join(directory, sessionKeyPath(session)), redactions }
  }
  const gone = (path: string) => stat(path).then(() => false, () => true)

  test('is in the log, then the key is gone; the log stays whole', async () => {
    const { directory, log, path, redactions } = await scene()
    const keySha256 = createHash('sha256').update(await readFile(path)).digest('hex')
    expect(await redactions.redact(session, actor, 'by mistake')).toBe(1)
    expect((await entriesOf(log)).at(-1)).toMatchObject({ kind: 'redaction', session, keySha256, actor, reason: 'by mistake' })
    expect(await gone(path)).toBe(true)
    expect(await readdir(directory)).not.toContain('redacting')
    await expect(redactions.redact(session, actor, 'again')).rejects.toMatchObject({ code: 'not_found' })
    await log.close()
    expect(await verifyLog(filesIn(directory), log.verifierKey)).toMatchObject({ ok: true, problems: [] })
  })

  test('that cannot be noted destroys nothing, and can be tried again', async () => {
    const disk = new TestDisk()
    const { log, path, redactions } = await scene(disk)
    const held = await readFile(path)
    disk.fail('fsync', 'EIO')
    await expect(redactions.redact(session, actor, 'x')).rejects.toMatchObject({ code: 'audit_unavailable', hint: expect.stringContaining('restart the gateway') })
    // Nothing was written down yet, and nothing destroyed.
    expect(await readFile(path)).toEqual(held)
    expect((await entriesOf(log)).some(({ kind }) => kind === 'redaction')).toBe(false)
    expect(await redactions.redact(session, actor, 'x')).toBe(1)
    expect(await gone(path)).toBe(true)
  })

  test('whose key cannot be overwritten is finished by the next one, or the next start', async () => {
    for (const by of ['start', 'redaction']) {
      const disk = new TestDisk()
      const { directory, log, keys, path, redactions } = await scene(disk)
      disk.fail('open', 'EIO', session)
      await expect(redactions.redact(session, actor, 'x')).rejects.toMatchObject({ code: 'audit_unavailable' })
      expect((await entriesOf(log)).at(-1)).toMatchObject({ kind: 'redaction' })
      expect(await gone(path)).toBe(false)
      if (by === 'start') await openRedactions({ directory, audit: log, keys, disk: nodeDisk })
      else await expect(redactions.redact(session, actor, 'x')).rejects.toMatchObject({ code: 'not_found' })
      expect(await gone(path)).toBe(true)
      await log.close()
    }
  })

  test('whose recording cannot be removed is finished by the next start: the recording does not outlive it', async () => {
    const { directory, log, keys, path } = await scene()
    const removed: string[] = []
    const failing = { remove: () => Promise.reject(new GatewayError('audit_unavailable', 'the session\'s recording cannot be removed (EIO)')) }
    const redactions = await openRedactions({ directory, audit: log, keys, recordings: failing, disk: nodeDisk })
    await expect(redactions.redact(session, actor, 'x')).rejects.toMatchObject({ code: 'audit_unavailable', message: expect.stringContaining('recording') })
    expect(await gone(path)).toBe(true)
    const recordings = { remove: (id: string) => Promise.resolve(void removed.push(id)) }
    await openRedactions({ directory, audit: log, keys, recordings, disk: nodeDisk })
    expect(removed).toEqual([session])
    expect(await readdir(directory)).not.toContain('redacting')
  })

  test.each([
    ['after its entry was written', true],
    ['before', false]
  ])('cut short %s is finished, or forgotten, by the next start', async (_, written) => {
    const { directory, log, path } = await scene()
    await writeFile(join(directory, 'redacting'), JSON.stringify({ session, from: log.size }), { mode: 0o600 })
    if (written) await log.append([{ kind: 'redaction', session, keySha256: 'x', actor, reason: 'x' }])
    await log.close()
    const again = await openIn(directory)
    await openRedactions({ directory, audit: again, keys: new SessionKeys(directory, nodeDisk), disk: nodeDisk })
    expect(await gone(path)).toBe(written)
    expect(await readdir(directory)).not.toContain('redacting')
  })

  test('of an earlier time does not destroy a key that came later under the same note', async () => {
    const { directory, log, path } = await scene()
    await log.append([{ kind: 'redaction', session, keySha256: 'x', actor, reason: 'x' }])
    await writeFile(join(directory, 'redacting'), JSON.stringify({ session, from: log.size }), { mode: 0o600 })
    await openRedactions({ directory, audit: log, keys: new SessionKeys(directory, nodeDisk), disk: nodeDisk })
    expect(await gone(path)).toBe(false)
  })

  test('whose note is damaged stops the start and says what to do', async () => {
    const { directory, log, keys } = await scene()
    await writeFile(join(directory, 'redacting'), '{"session":"../../etc","from":0}')
    await expect(openRedactions({ directory, audit: log, keys, disk: nodeDisk })).rejects.toMatchObject({ message: expect.stringContaining('redacting'), hint: expect.any(String) })
  })
})
