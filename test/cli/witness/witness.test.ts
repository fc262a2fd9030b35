// A witness as a log meets it, over HTTP: every status of C2SP tlog-witness, what it remembers, and what hostile clients get.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { witnessedLogs } from '../../../cli/witness/judge.ts'
import { startWitness, type WitnessOptions } from '../../../cli/witness/listener.ts'
import { loadWitness, makeWitness } from '../../../cli/witness/state.ts'
import { checkpointText, parseNote, signNote, verifierKeyOf } from '../../../shared/audit/checkpoint.ts'
import { cosign, cosignedAt, parseWitnessKey, witnessKeyOf } from '../../../shared/audit/cosignature.ts'
import { CompactRange, consistencyProof, hashLeaf, type Hash } from '../../../shared/audit/merkle.ts'
import { addCheckpointText } from '../../../shared/audit/witness-request.ts'
import { TestAuthority } from '../../support/certificates.ts'
import vectors from '../../vectors/audit-cosignatures.json' with { type: 'json' }

const origin = 'gateway.example.com/audit'
const seconds = 1_679_315_147

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hoop-witness-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A log of leaves `0`, `1`, ... of which any tree can be signed; `fork` gives it another past. */
class TestLog {
  readonly key = generateKeyPairSync('ed25519')
  readonly line = verifierKeyOf(origin, this.key.publicKey)

  #leaves(size: number, fork?: number): Hash[] {
    return Array.from({ length: size }, (_, i) => hashLeaf(Buffer.from(i === fork ? 'forked' : String(i))))
  }

  #root(leaves: readonly Hash[]): Hash {
    const range = new CompactRange()
    for (const leaf of leaves) range.append(leaf)
    return range.root()
  }

  note(size: number, fork?: number, key = this.key.privateKey, name = origin): string {
    return signNote(checkpointText({ origin, size, rootHash: this.#root(this.#leaves(size, fork)) }), name, key)
  }

  body(old: number, size: number, fork?: number): string {
    const leaves = this.#leaves(size, fork)
    const nodes = (height: number, index: number) => this.#root(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height))
    const proof = old === 0 || old > size ? [] : consistencyProof(old, size, nodes)
    return addCheckpointText({ oldSize: old, proof, checkpoint: Buffer.from(this.note(size, fork)) })
  }
}

interface Running {
  readonly log: TestLog
  readonly folder: string
  readonly port: number
  readonly said: string[]
  readonly verifierKey: string
  add(body: string | Buffer): Promise<{ status: number, body: string, type: string | undefined }>
}

async function running(options: Partial<WitnessOptions> & { folder?: string, log?: TestLog } = {}): Promise<Running> {
  const { log = new TestLog() } = options
  const folder = options.folder ?? join(await temporary(), 'witness')
  const key = await loadWitness(folder).catch(() => makeWitness(folder, 'witness.example.com/w1'))
  const said: string[] = []
  const listener = await startWitness({
    address: { host: '127.0.0.1', port: 0 },
    key,
    logs: async () => witnessedLogs([{ path: 'log.pub', text: log.line }]),
    now: () => seconds * 1000,
    say: (line) => said.push(line),
    ...options,
    folder
  })
  onTestFinished(() => listener.close())
  const add: Running['add'] = (body) => ask(listener.port, 'POST', '/add-checkpoint', body)
  return { log, folder, port: listener.port, said, verifierKey: key.verifierKey, add }
}

function ask(port: number, method: string, path: string, body: string | Buffer = ''): Promise<{ status: number, body: string, type: string | undefined }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
      response.on('end', () => resolve({ status: response.statusCode!, body: text, type: response.headers['content-type'] }))
    })
    asked.once('error', reject).end(body)
  })
}

describe('a checkpoint', () => {
  test('of a log it does not know is answered 404', async () => {
    const { add } = await running()
    const other = new TestLog()
    const body = other.body(0, 3).replaceAll(origin, 'other.example.com')
    expect(await add(body)).toMatchObject({ status: 404 })
  })

  test('signed by another key is answered 403, also under the right name', async () => {
    const { add } = await running()
    expect(await add(new TestLog().body(0, 3))).toMatchObject({ status: 403 })
  })

  test('whose signature was damaged is answered 403', async () => {
    const { log, add } = await running()
    const body = log.body(0, 3)
    const last = body.lastIndexOf('=') - 10
    const damaged = body.slice(0, last) + (body[last] === 'A' ? 'B' : 'A') + body.slice(last + 1)
    expect(await add(damaged)).toMatchObject({ status: 403 })
  })

  test('smaller than the old size is answered 400', async () => {
    const { log, add } = await running()
    expect(await add(log.body(5, 3))).toMatchObject({ status: 400 })
  })

  test('with another old size than the one remembered is answered 409 and that size', async () => {
    const { log, add } = await running()
    expect(await add(log.body(2, 3))).toEqual({ status: 409, body: '0\n', type: 'text/x.tlog.size' })
    await add(log.body(0, 3))
    for (const old of [0, 2]) expect(await add(log.body(old, 4))).toEqual({ status: 409, body: '3\n', type: 'text/x.tlog.size' })
  })

  test('without a proof that it continues the last one is answered 422, and its operator is alarmed', async () => {
    const { log, add, said } = await running()
    await add(log.body(0, 3))
    expect(await add(log.body(3, 7, 1))).toMatchObject({ status: 422 })
    expect(said.at(-1)).toBe(`alarm: the log ${origin} has signed a tree of 7 entries without proof that it continues the 3 cosigned here`)
    // Nothing of it was remembered.
    expect(await add(log.body(3, 7))).toMatchObject({ status: 200 })
  })

  test('of the same size with another root is answered 409, and its operator is alarmed', async () => {
    const { log, add, said } = await running()
    await add(log.body(0, 3))
    expect(await add(log.body(3, 3, 1))).toEqual({ status: 409, body: '3\n', type: 'text/x.tlog.size' })
    expect(said.at(-1)).toContain('two different trees of 3 entries')
  })

  test('with a proof although there is nothing before it is answered 422', async () => {
    const { log, add } = await running()
    const [old, ...rest] = log.body(0, 3).split('\n')
    expect(await add([old, Buffer.alloc(32).toString('base64'), ...rest].join('\n'))).toMatchObject({ status: 422 })
  })

  test('that goes on from the last one is cosigned, with the time, and so is the same one again', async () => {
    const { log, add, verifierKey } = await running()
    const witness = parseWitnessKey(verifierKey)
    for (const [old, size] of [[0, 0], [0, 1], [1, 3], [3, 300], [300, 300], [300, 1000]] as const) {
      const { status, body } = await add(log.body(old, size))
      expect({ old, size, status }).toEqual({ old, size, status: 200 })
      expect(cosignedAt(parseNote(Buffer.from(log.note(size) + body)), witness)).toBe(seconds)
    }
  })

  test('signed by a key that was rotated in is cosigned once the key stands in the file', async () => {
    const log = new TestLog()
    let text = log.line
    const { add, folder } = await running({ log, logs: async () => witnessedLogs([{ path: 'log.pub', text }]) })
    const next = generateKeyPairSync('ed25519')
    const signed = addCheckpointText({ oldSize: 0, proof: [], checkpoint: Buffer.from(log.note(3, undefined, next.privateKey)) })
    expect(await add(signed)).toMatchObject({ status: 403 })
    text += `\n# since the rotation\n${verifierKeyOf(origin, next.publicKey)}\n`
    expect(await add(signed)).toMatchObject({ status: 200 })
    expect(await readdir(join(folder, 'logs'))).toHaveLength(1)
  })
})

describe('its memory', () => {
  test('outlives it, and two processes on one folder share it', async () => {
    const { log, folder, add } = await running()
    await add(log.body(0, 3))
    const second = await running({ folder, log })
    expect(await second.add(log.body(0, 9, 1))).toMatchObject({ status: 409, body: '3\n' })
    expect(await second.add(log.body(3, 9))).toMatchObject({ status: 200 })
    expect(await add(log.body(3, 12))).toMatchObject({ status: 409, body: '9\n' })
  })

  test('of requests that come at once, one is taken and the others are told where it stands', async () => {
    const { log, add } = await running()
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => add(log.body(0, i + 1))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]))
  })

  test('that was damaged is never taken for an empty one', async () => {
    const { log, folder, add, said } = await running()
    await add(log.body(0, 3))
    const [file] = await readdir(join(folder, 'logs'))
    expect(file).toBe(createHash('sha256').update(origin).digest('hex'))
    for (const text of ['', 'x', log.note(3).replaceAll(origin, 'other.example.com')]) {
      await writeFile(join(folder, 'logs', file!), text)
      expect(await add(log.body(0, 5, 1))).toMatchObject({ status: 500 })
      expect(said.at(-1)).toMatch(/what this witness remembers of .* is damaged/)
    }
  })

  test('holds what a verification takes as a checkpoint kept elsewhere', async () => {
    const { log, folder, add, verifierKey } = await running()
    await add(log.body(0, 3))
    const [file] = await readdir(join(folder, 'logs'))
    const kept = parseNote(await readFile(join(folder, 'logs', file!)))
    expect(kept.signatures.map(({ name }) => name)).toEqual([origin, 'witness.example.com/w1'])
    expect(cosignedAt(kept, parseWitnessKey(verifierKey))).toBe(seconds)
  })
})

describe('hostile clients', () => {
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['no empty line', 'old 0\n'],
    ['a negative size', 'old -1\n\nx\n'],
    ['a size with a leading zero', 'old 00\n\nx\n'],
    ['a size beyond 2^53', 'old 9007199254740993\n\nx\n'],
    ['another word', 'new 0\n\nx\n'],
    ['a proof line that is no hash', 'old 0\nAAAA\n\nx\n'],
    ['a proof line spelled another way', `old 0\n${Buffer.alloc(32).toString('base64').replace('A=', 'B=')}\n\nx\n`],
    ['more than 63 lines of proof', `old 0\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}\nx\n`],
    ['no note', 'old 0\n\nx\n'],
    ['a note of bytes that are no UTF-8', Buffer.from([...Buffer.from('old 0\n\n'), 0xff, 0xfe])],
    ['a note that is no checkpoint', `old 0\n\n${signNote('hello\n', origin, generateKeyPairSync('ed25519').privateKey)}`]
  ])('%s is answered 400', async (_, body) => {
    const { add } = await running()
    expect(await add(body)).toMatchObject({ status: 400 })
  })

  test('every prefix of a good request is refused, and none kills it', async () => {
    const { log, add } = await running()
    const body = log.body(0, 3)
    for (let end = 0; end < body.length; end += 3) {
      expect((await add(body.slice(0, end))).status, body.slice(0, end)).toBeGreaterThanOrEqual(400)
    }
    expect(await add(body)).toMatchObject({ status: 200 })
  })

  test('a body without end is cut off, a slow one too, and other paths and methods are refused', { timeout: 20_000 }, async () => {
    const { log, port, add } = await running({ requestMilliseconds: 1_000 })
    expect(await add(Buffer.alloc(80 * 1024, 'x'))).toMatchObject({ status: 413 })
    const endless = connect(port, '127.0.0.1')
    endless.on('error', () => undefined)
    endless.write('POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    for (let i = 0; i < 10; i++) endless.write(chunk)
    const slow = connect(port, '127.0.0.1')
    slow.on('error', () => undefined)
    slow.write('POST /add-checkpoint HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nold')
    await Promise.all([endless, slow].map((socket) => new Promise((resolve) => socket.resume().once('close', resolve))))
    expect(await ask(port, 'GET', '/add-checkpoint')).toMatchObject({ status: 405 })
    expect(await ask(port, 'POST', '/')).toMatchObject({ status: 404 })
    expect(await add(log.body(0, 3))).toMatchObject({ status: 200 })
  })
})

describe('cosignatures', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const text = vectors.checkpoint.text
  const note = (line: string, over = text) => parseNote(Buffer.from(`${over}\n${vectors.checkpoint.signature}${line}`))
  const witness = parseWitnessKey(witnessKeyOf('w.example', publicKey))
  const line = cosign(text, 'w.example', privateKey, seconds)

  test('a published witness key is read, and a log\'s key is not taken for one', () => {
    expect(parseWitnessKey(vectors.verifierKey).name).toBe('remora.n621.de')
    expect(() => parseWitnessKey(verifierKeyOf('w.example', publicKey))).toThrow('the key is a log\'s, not a witness\'s')
  })

  test('the key id and time of the specification\'s example are read', () => {
    const [, theirs] = parseNote(Buffer.from(`${text}\n${vectors.checkpoint.signature}${vectors.checkpoint.cosignature}`)).signatures
    expect(theirs!.name).toBe('witness.example.com/w1')
    expect(Buffer.from(theirs!.signature).readBigUInt64BE(0)).toBe(BigInt(vectors.checkpoint.time))
    expect(theirs!.signature).toHaveLength(72)
  })

  test('what is signed is what the specification says', () => {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)])
    const raw = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    // Made with the steps of the specification by hand, so that a change of the code shows.
    const message = Buffer.from(`cosignature/v1\ntime ${vectors.checkpoint.time}\n${text}`)
    const made = parseNote(Buffer.from(`${text}\n${cosign(text, 'w.example', raw, vectors.checkpoint.time)}`)).signatures[0]!
    const spki = Buffer.from(createPublicKey(raw).export({ format: 'jwk' }).x!, 'base64url')
    const id = createHash('sha256').update('w.example\n').update(Buffer.of(4)).update(spki).digest().subarray(0, 4)
    expect(Buffer.from(made.keyId)).toEqual(id)
    expect(message.toString().split('\n').slice(0, 2)).toEqual(['cosignature/v1', 'time 1679315147'])
    expect(Buffer.from(made.signature.subarray(8))).toEqual(sign(null, message, raw))
  })

  test('of another witness is ignored; of another checkpoint, another time, or changed it is refused', () => {
    expect(cosignedAt(note(line), witness)).toBe(seconds)
    expect(cosignedAt(note(cosign(text, 'w.example', privateKey, 8_640_000_000_000)), witness)).toBe(8_640_000_000_000)
    expect(() => cosignedAt(note(cosign(text, 'w.example', privateKey, 8_640_000_000_001)), witness)).toThrow(/wrong cosignature/)
    expect(cosignedAt(note(cosign(text, 'other.example', privateKey, seconds)), witness)).toBeUndefined()
    expect(cosignedAt(note(cosign(text, 'w.example', generateKeyPairSync('ed25519').privateKey, seconds)), witness)).toBeUndefined()
    expect(() => cosignedAt(note(line, text.replace('20852163', '20852164')), witness)).toThrow(/wrong cosignature/)
    const bytes = Buffer.from(line.split(' ')[2]!.trim(), 'base64')
    for (let at = 4; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      expect(() => cosignedAt(note(`— w.example ${changed.toString('base64')}\n`), witness), `byte ${at}`).toThrow(/wrong cosignature/)
    }
  })
})

test('over TLS it answers, and keys open to others are refused', async () => {
  const authority = new TestAuthority(await temporary())
  const { cert, key } = authority.issue('localhost', 'DNS:localhost,IP:127.0.0.1')
  const { port, folder } = await running({ tls: { cert, key } })
  const status = await new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'GET', path: '/', ca: authority.ca, agent: false }
    secureRequest(options, (response) => resolve(response.statusCode)).once('error', reject).end()
  })
  expect(status).toBe(404)
  await chmod(join(folder, 'witness.key'), 0o666)
  await expect(loadWitness(folder)).rejects.toMatchObject({ code: 'config_invalid' })
  await expect(makeWitness(join(await temporary(), 'w'), 'a b')).rejects.toMatchObject({ code: 'usage' })
})
