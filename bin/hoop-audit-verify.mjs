#!/usr/bin/env node
// A second, independent verifier of hoop's audit log, for an auditor to read before believing it: one file, no dependencies, no code in
// common with the gateway or with `hoop audit verify`. docs/audit.md describes the format; headings here follow it.
//
//   node hoop-audit-verify.mjs DIR --key KEY [--checkpoint FILE]... [--witness KEY]... [--json]
// KEY is a verifier key line, or a file that holds one. Exit code: 0 whole, 1 damaged or not readable, 64 wrong usage.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { parseArgs } from 'node:util'

const [problems, notes] = [[], []]
const problem = (message, entry, file) => problems.push({ entry, file, message }) < 0

// ---- Hashes: RFC 6962 section 2.1 -------------------------------------------------------------------------------------------------
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
const leafHash = (entry) => sha256(Buffer.of(0), entry)
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right)
const base64 = (bytes) => bytes.toString('base64')
/** MTH(D[begin:end]), as the RFC defines it. */
function treeHash(leaves, begin = 0, end = leaves.length) {
  if (end - begin < 2) return leaves[begin] ?? sha256()
  const width = 2 ** (Math.ceil(Math.log2(end - begin)) - 1)
  return nodeHash(treeHash(leaves, begin, begin + width), treeHash(leaves, begin + width, end))
}

/** tile/<level>/<index>, the index in groups of three digits, all but the last marked by an x. */
function tilePath(level, index) {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0')
  return `tile/${level}/${digits.match(/.../g).map((group, i, all) => i < all.length - 1 ? `x${group}` : group).join('/')}`
}

/** Each full tile of the signed tree, level by level, against its file. */
function checkTiles(leaves, read) {
  for (let level = 0, hashes = leaves; hashes.length >= 256; level++) {
    const rows = Array.from({ length: Math.floor(hashes.length / 256) }, (_, index) => hashes.slice(index * 256, index * 256 + 256))
    for (const [index, row] of rows.entries()) {
      const [path, stored] = [tilePath(level, index), read(tilePath(level, index))]
      const at = row.findIndex((hash, i) => !stored?.subarray(i * 32, i * 32 + 32).equals(hash))
      if (stored?.length !== 8192) problem('is missing, or has another length than 8192 bytes', undefined, path)
      else if (at >= 0) problem(`hash ${at} is not that of the entries`, level === 0 ? index * 256 + at : undefined, path)
    }
    hashes = rows.map((row) => treeHash(row))
  }
}

// ---- Signed notes, checkpoints, cosignatures: C2SP signed-note, tlog-checkpoint, tlog-cosignature -----------------------------------
const decode = (text) => base64(Buffer.from(text, 'base64')) === text ? Buffer.from(text, 'base64') : undefined
/** `name+id+base64(type || key)`. */
function parseKey(line, type) {
  const [, name, id, encoded] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? []
  const bytes = decode(encoded ?? '')
  if (bytes?.length !== 33 || bytes[0] !== type) throw new Error(`this is no Ed25519 key of a ${type === 1 ? 'log' : 'witness'}`)
  if (sha256(`${name}\n`, bytes).toString('hex').slice(0, 8) !== id) throw new Error('the key does not match its own hash: it was cut or mistyped')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') }, format: 'jwk' })
  return { name, id, line, key }
}

function parseNote(bytes) {
  const text = bytes.toString()
  const split = text.lastIndexOf('\n\n')
  if (!isUtf8(bytes) || bytes.length > 65536 || /[\0-\x09\x0b-\x1f]/.test(text) || split < 0 || !text.endsWith('\n')) throw new Error('is no signed note')
  const lines = text.slice(split + 2, -1).split('\n')
  if (lines.length > 16) throw new Error('has more than 16 signatures')
  const signatures = lines.map((line) => {
    const [, name, encoded] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
    const signature = decode(encoded ?? '')
    if (!(signature?.length >= 5)) throw new Error('has a malformed signature line')
    return { name, id: signature.toString('hex', 0, 4), signature: signature.subarray(4) }
  })
  const body = text.slice(0, split + 1)
  const [, origin, size, root] = /^([^\s+]+)\n(0|[1-9]\d{0,15})\n(.{44})\n$/u.exec(body) ?? []
  if (!Number.isSafeInteger(Number(size)) || decode(root)?.length !== 32) throw new Error('is no checkpoint')
  return { body, signatures, origin, size: Number(size), root }
}

const signaturesOf = (note, key) => note.signatures.filter(({ name, id }) => name === key.name && id === key.id)
function mustBeSignedBy(note, origin, key) {
  const own = signaturesOf(note, key)
  if (note.origin !== origin || own.length === 0) throw new Error(`${note.where} is of "${note.origin}", not signed by ${key.name}+${key.id}`)
  if (!own.every(({ signature }) => verify(null, Buffer.from(note.body), key.key, signature))) throw new Error(`${note.where} has a wrong signature`)
  return true
}

/** Seconds since 1970 at which the witness cosigned, as far as a Date goes; undefined where it did not. */
function cosignedAt(note, witness) {
  const times = signaturesOf(note, witness).map(({ signature }) => {
    const time = signature.length > 8 ? signature.readBigUInt64BE() : -1n
    const message = Buffer.from(`cosignature/v1\ntime ${time}\n${note.body}`)
    const good = time >= 0n && time <= 8_640_000_000_000n && verify(null, message, witness.key, signature.subarray(8))
    if (!good) throw new Error(`has a wrong cosignature of ${witness.name}`)
    return Number(time)
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

// ---- Entries: canonical JSON (RFC 8785), and what each says of itself --------------------------------------------------------------
function canonical(value) {
  if (typeof value === 'string' && !value.isWellFormed()) throw new Error('a lone surrogate')
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('no number')
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.keys(value).sort().map((name) => `${canonical(name)}:${canonical(value[name])}`).join(',')}}`
}

/** @returns the entry, or what is wrong with its form */
function parseEntry(bytes) {
  if (!isUtf8(bytes)) return 'is not valid UTF-8'
  const text = bytes.toString()
  try {
    const entry = JSON.parse(text)
    if (canonical(entry) !== text) return 'is not in canonical form (RFC 8785)'
    return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? entry : 'is no JSON object'
  } catch { return 'is not valid JSON, or none that has a canonical form' }
}

const timePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}\.\d{3}Z$/
let [boots, boot, monotonic] = [new Set(), '', 0n]
function checkEntry(entry, index, origin, wrong) {
  if (entry.version !== 1 || typeof entry.kind !== 'string') wrong('has a version this program does not know, or no kind')
  if (entry.index !== index || entry.origin !== origin) wrong(`says it is entry ${entry.index} of the log ${JSON.stringify(entry.origin)}`)
  if (typeof entry.time !== 'string' || !timePattern.test(entry.time)) wrong('has no valid time')
  if (entry.kind === 'outcome' && !(Number.isSafeInteger(entry.intent) && entry.intent >= 0 && entry.intent < index)) wrong('is the outcome of no earlier entry')
  const clock = typeof entry.boot === 'string' && entry.boot !== '' && typeof entry.monotonic === 'string' && /^(0|[1-9]\d*)$/.test(entry.monotonic)
  if (!clock) return wrong('has no boot id or no valid monotonic time')
  if (entry.boot !== boot && boots.has(entry.boot)) wrong('belongs to a start of the gateway that had ended before')
  if (entry.boot === boot && BigInt(entry.monotonic) < monotonic) wrong('has an earlier monotonic time than the entry before it')
  boots.add(boot = entry.boot)
  monotonic = BigInt(entry.monotonic)
}

const lengthOf = (pieces) => pieces.reduce((sum, { length }) => sum + length, 0)
function checkAttachment({ sealed }, attached, wrong) {
  const bytes = lengthOf(attached)
  if (sealed === undefined) return bytes > 0 && wrong(`has ${bytes} bytes attached that it does not name`)
  if (!(sealed?.bytes > 0) || bytes !== sealed.bytes || sha256(...attached).toString('hex') !== sealed.sha256) wrong(`has ${bytes} bytes attached, and not those it names`)
}

// ---- Frames: u32 length (bit 31: first of a batch, bit 30: attachment), u32 CRC-32C of the length and the bytes, bytes ---------------
const crcTable = Int32Array.from({ length: 256 }, (_, crc) => {
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1
  return crc
})

function frameAt(bytes, at) {
  if (bytes.length - at < 8) return undefined
  const field = bytes.readUInt32BE(at)
  const [batch, attachment] = [field >= 2 ** 31, field < 2 ** 31 && field >= 2 ** 30]
  const length = field - (batch ? 2 ** 31 : attachment ? 2 ** 30 : 0)
  const end = at + 8 + length
  if (length === 0 || length > 65535 || end > bytes.length) return undefined
  let crc = -1
  for (let i = at; i < end; i++) if (i < at + 4 || i >= at + 8) crc = crcTable[(crc ^ bytes[i]) & 255] ^ crc >>> 8
  return (~crc >>> 0) === bytes.readUInt32BE(at + 4) ? { batch, attachment, end, bytes: bytes.subarray(at + 8, end) } : undefined
}

/** A batch is written only once the one before it was durable: damage with one behind it is no torn last write. */
function batchBehind(bytes, at) {
  while ((at = bytes.indexOf(0x80, at)) >= 0) if (frameAt(bytes, at++)?.batch) return true
  return false
}

/** Tells `take` each entry with what is attached. @returns false when nothing after this can be read */
function readSegment(bytes, file, last, durable, count, take) {
  let [at, begun] = [0]
  for (let frame; (frame = frameAt(bytes, at)) !== undefined && !(frame.attachment && begun === undefined); at = frame.end) {
    if (frame.attachment) begun.attached.push(frame.bytes)
    else if (begun !== undefined) take(begun)
    if (!frame.attachment) begun = { bytes: frame.bytes, attached: [], at }
  }
  // The last entry is looked at before it counts: its attachment may be cut off.
  const short = begun !== undefined && lengthOf(begun.attached) < (parseEntry(begun.bytes).sealed?.bytes ?? 0)
  const torn = at < bytes.length || short
  const durableHere = count() + (begun === undefined || short ? 0 : 1)
  const cutOff = torn && last && durableHere >= durable && !batchBehind(bytes, at + 1)
  if (begun !== undefined && !(cutOff && short)) take(begun)
  if (cutOff) notes.push(`${file} ends in ${bytes.length - (short ? begun.at : at)} bytes of a write that was cut off; the gateway drops them`)
  if (at === bytes.length || cutOff) return true
  return problem('length or checksum is wrong, or it is cut short; nothing after it was checked', durableHere, file)
}

// ---- Keys and removals: what the log says of itself ----------------------------------------------------------------------------------
function flawOfRotation(origin, { previous, next, signatures }, inForce = previous) {
  if (previous !== inForce) return 'does not begin with the key in force'
  const text = Buffer.from(`hoop audit key rotation v1\n${canonical({ next, origin, previous })}\n`)
  for (const [which, line] of [['previous', previous], ['next', next]]) {
    try {
      const { name, key } = parseKey(line, 1)
      if (name !== origin) return `names a key of the log "${name}"`
      if (!verify(null, text, key, decode(String(signatures?.[which])) ?? Buffer.of())) return `is not signed by the ${which} key`
    } catch { return `names a ${which} key that is none` }
  }
}

function flawOfRemoval({ first, root, approvers, index }, before) {
  if (!(Number.isSafeInteger(first) && first > before && first <= index)) return 'names no entries that it could have removed'
  if (typeof root !== 'string' || Buffer.from(root, 'base64').length !== 32) return 'does not name the root of what was removed'
  const people = new Set(Array.isArray(approvers) ? approvers.filter((actor) => actor?.kind === 'human').map((actor) => actor.issuer + '\n' + actor.subject) : [])
  if (people.size !== 2 || approvers.length !== 2) return 'was not approved by two different people'
}

// ---- All of it -----------------------------------------------------------------------------------------------------------------------
function verifyLog(directory, key, kept, witnesses) {
  const read = (path) => statSync(`${directory}/${path}`, { throwIfNoEntry: false })?.isFile() ? readFileSync(`${directory}/${path}`) : undefined
  const list = (folder) => existsSync(`${directory}/${folder}`) ? readdirSync(`${directory}/${folder}`).sort() : []
  const [origin, signed] = [key.name, kept.map((bytes, i) => ({ ...parseNote(bytes), where: `kept checkpoint ${i + 1}`, kept: true }))]
  for (const where of ['checkpoint', ...list('cosigned').filter((name) => !name.endsWith('.tmp')).map((name) => `cosigned/${name}`)]) {
    try { signed.push({ ...parseNote(read(where) ?? Buffer.of()), where }) } catch ({ message }) { problem(message, undefined, where) }
  }
  const [claimed, durable] = [signed.find(({ where }) => where === 'checkpoint')?.size ?? 0, Math.max(0, ...signed.map(({ size }) => size))]
  const segments = list('segments').filter((name) => (/^\d{16}$/.test(name) && Number.isSafeInteger(+name)) || problem('is no segment of a log', undefined, `segments/${name}`))
  const [first, begin] = [Number(segments[0] ?? 0), `segments/${segments[0]}`]
  const [leaves, rotations, removals, chain, seen] = [[], [], [], [], new Set()]
  for (let index = 0; index * 256 < first; index++) {
    const tile = read(tilePath(0, index))
    const width = Math.min(256, first - index * 256)
    if (tile?.length === 8192) leaves.push(...Array.from({ length: width }, (_, i) => tile.subarray(i * 32, i * 32 + 32)))
    else if (!problem('is missing or short; the entries whose hashes it holds are gone', index * 256, tilePath(0, index))) break
  }
  const gapless = leaves.length === first
  let [count, complete, file] = [first, gapless]
  const take = ({ bytes, attached }) => {
    const index = count++
    const wrong = (message) => problem(message, index, file)
    leaves.push(leafHash(bytes))
    const entry = parseEntry(bytes)
    if (typeof entry === 'string') return wrong(entry)
    checkEntry(entry, index, origin, wrong)
    checkAttachment(entry, attached, wrong)
    if (entry.kind === 'recovery' && entry.discontinuity) notes.push(`entry ${index} declares a loss that an operator accepted: what was signed before is not all there`)
    if (entry.kind === 'key.rotate') rotations.push({ ...entry, at: index, file })
    if (entry.kind !== 'retention.prune') return
    const flaw = flawOfRemoval(entry, removals.at(-1)?.first ?? 0)
    if (flaw === undefined) removals.push(entry)
    else wrong(`this removal by retention ${flaw}`)
  }
  for (const name of segments) {
    file = `segments/${name}`
    const fits = Number(name) === count || problem(`begins with entry ${Number(name)}, not ${count}: entries are missing or there twice`, count, file)
    if (fits && readSegment(read(file) ?? Buffer.of(), file, name === segments.at(-1), durable, () => count, take)) continue
    complete = false
    break
  }
  if (complete) checkTiles(leaves.slice(0, claimed), read)
  const rootOf = (size) => gapless && size <= leaves.length ? base64(treeHash(leaves, 0, size)) : undefined
  const removal = removals.find((entry) => entry.first === first)
  if (first > 0 && removal === undefined) problem(`entries 0 to ${first - 1} are missing, and no entry says that retention removed them`, 0, begin)
  if (removal !== undefined && gapless && rootOf(first) !== removal.root) problem('this removal by retention is of other entries', removal.index)
  for (const rotation of [...[removal?.keys ?? []].flat().map((key) => ({ ...key, file: begin })), ...rotations]) {
    const flaw = flawOfRotation(origin, rotation, chain.at(-1)?.next)
    if (flaw === undefined) chain.push(rotation)
    else problem(`this key rotation ${flaw}`, rotation.at, rotation.file)
  }
  const known = chain.some(({ previous, next }) => previous === key.line || next === key.line)
  const keyAt = (size) => known ? parseKey(chain.findLast(({ at }) => at < size)?.next ?? chain[0].previous, 1) : key
  const attempt = ({ kept, where, size }, run) => {
    try { return run() } catch ({ message }) { return problem(message, size > count ? count : undefined, kept ? undefined : where) }
  }
  const result = { origin, entries: count, ...(first === 0 ? {} : { prunedBefore: first }), checkpointSize: 0, notAnchoredAfter: 0 }
  const held = (note) => mustBeSignedBy(note, origin, keyAt(note.size))
  for (const note of signed.filter((note) => note.kept && problems.length === 0 ? held(note) : attempt(note, () => held(note)))) {
    const { size, where, kept } = note
    if (where === 'checkpoint') result.checkpointSize = size
    const cosigners = witnesses.filter((witness) => attempt(note, () => cosignedAt(note, witness) !== undefined))
    if (where.startsWith('cosigned/') && cosigners.length === 0) continue
    const root = rootOf(size)
    if (complete && root === undefined) problem(`the log ends after ${count} entries, ${where} says ${size}`, count, kept ? undefined : where)
    else if (complete && root !== note.root) problem(`the first ${size} entries do not have the root in ${where}: they were changed`, undefined, kept ? undefined : where)
    if (root !== note.root) continue
    if (kept || cosigners.length > 0) result.notAnchoredAfter = Math.max(result.notAnchoredAfter, size)
    for (const witness of cosigners) seen.add(witness)
    const when = cosigners.map((witness) => `${witness.name} at ${new Date(cosignedAt(note, witness) * 1000).toISOString()}`)
    if (when.length > 0) notes.push(`anchored through entry ${size - 1} by the witness ${when.join(', ')}`)
  }
  for (const witness of witnesses) if (complete && !seen.has(witness)) problem(`nothing in it is cosigned by ${witness.name}+${witness.id}`)
  if (count > result.checkpointSize) notes.push(`the last ${count - result.checkpointSize} entries are newer than the signed checkpoint: only their checksums were checked`)
  if (count > result.notAnchoredAfter) notes.push(`not anchored${result.notAnchoredAfter > 0 ? ` after entry ${result.notAnchoredAfter - 1}` : ''}: whoever has the log's private key could have rewritten it`)
  return { ok: problems.length === 0, ...result, problems, notes }
}

/** Names of files are anybody's: nothing of them is for a terminal to obey. */
const safe = (text) => text.replace(/[^\n -~]/gu, (character) => `\\u{${character.codePointAt(0).toString(16)}}`)
function main(args) {
  const several = { type: 'string', multiple: true, default: [] }
  const options = { key: { type: 'string' }, checkpoint: several, witness: several, json: { type: 'boolean' } }
  const { positionals: [directory], values: { key, checkpoint, witness, json } } = parseArgs({ args, options, allowPositionals: true })
  if (directory === undefined || key === undefined) throw Object.assign(new Error('DIR and --key KEY are needed'), { code: 'ERR_PARSE_ARGS' })
  const keyFrom = (text, type) => parseKey(existsSync(text) ? readFileSync(text, 'utf8').trim() : text, type)
  if (!['segments', 'checkpoint'].some((name) => existsSync(`${directory}/${name}`))) throw new Error(`there is no audit log in ${directory}`)
  const report = verifyLog(directory, keyFrom(key, 1), checkpoint.map((path) => readFileSync(path)), witness.map((k) => keyFrom(k, 4)))
  const words = report.ok ? 'whole: every entry is there, in order and unchanged, as far as the signed checkpoint speaks' : 'DAMAGED:'
  const lines = problems.map(({ entry, file, message }) => [file, entry === undefined ? undefined : `entry ${entry}`, message].filter(Boolean).join(': '))
  console.log(json ? JSON.stringify(report) : safe([`log ${report.origin}: ${report.entries} entries`, words, ...lines, ...notes].join('\n')))
  process.exitCode = report.ok ? 0 : 1
}

try { main(process.argv.slice(2)) } catch ({ message, code }) {
  console.error(safe(`error: ${message}`))
  process.exitCode = String(code).startsWith('ERR_PARSE_ARGS') ? 64 : 1
}
