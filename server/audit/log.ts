// The audit log: one writer, group commit, a tree over every entry. An entry counts once its sync returned; a disk that failed once
// is not asked again. Long because there is one writer: all that has to happen in its order is in one place.
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join, resolve as absolute } from 'node:path'
import { parseVerifierKey, type Verifier } from '../../shared/audit/checkpoint.ts'
import type { AuditEntry, EntryFacts } from '../../shared/audit/entry.ts'
import type { Attachment } from '../../shared/audit/frame.ts'
import { hashLeaf, type Hash } from '../../shared/audit/merkle.ts'
import { proveConsistency, type TreeSource } from '../../shared/audit/proofs.ts'
import { signRotation } from '../../shared/audit/rotation.ts'
import { GatewayError } from '../../shared/errors.ts'
import { makeId } from '../../shared/id.ts'
import type { Batch } from './batch.ts'
import { createCheckpoints } from './checkpoints.ts'
import { createClock } from './clock.ts'
import { adoptNextKey, forgetNextKey, loadKey, makeNextKey, prepareDirectory, type FoundKeys, type LogKey } from './directory.ts'
import { nodeDisk, syncFolder, type Disk } from './disk.ts'
import { createEncode, type Encode } from './encode.ts'
import { damage, diskFailure } from './failures.ts'
import { Growth } from './growth.ts'
import { GroupCommit } from './group-commit.ts'
import { lockDirectory, type Lock } from './lock.ts'
import { checkPruned, finishPrune, planPrune, prunable, readPruned, settlePrune, type Prunable, type PruneFacts } from './pruning.ts'
import { parseEntry, readTile, recover, type Recovered } from './recovery.ts'
import { listSegments, Segments, type LogRecord } from './segments.ts'

export interface AuditLog {
  /**
   * Resolves with the entries' indexes, in order, once all of them are durable (fdatasync returned). Indexes follow the order of calls.
   * @param attachments of each, in the same order: durable together with their entries, which get `sealed`
   * @throws GatewayError audit_unavailable; limit_exceeded when an entry is larger than 65,535 bytes, and then none of them is written
   */
  append(facts: readonly EntryFacts[], attachments?: readonly (Attachment | undefined)[]): Promise<readonly number[]>
  /** Queues an entry nobody waits for, behind whatever was queued before it. Never throws. */
  note(facts: EntryFacts): void
  /** Aborts once the log cannot be written any more; its reason is the GatewayError audit_unavailable that says why. */
  readonly signal: AbortSignal
  /** Durable entries with from <= index < to, in order; reads files, not memory. Those of the moment of the call. */
  read(range: { readonly from?: number, readonly to?: number }): AsyncIterable<AuditEntry>
  /**
   * One durable entry as it lies in the log, with what is attached to it (nothing: no bytes).
   * @throws GatewayError not_found beyond the end | audit_unavailable
   */
  record(index: number): Promise<LogRecord>
  /** Number of durable entries, those that retention has removed included. */
  readonly size: number
  /** Index of the first entry that is still there. */
  readonly first: number
  /**
   * What could be removed: the segments from the beginning that hold no entry as young as `before` (RFC 3339, UTC, milliseconds), as far as
   * their hashes are in full tiles. undefined: none.
   */
  prunable(before: string): Promise<Prunable | undefined>
  /**
   * Writes the entry, and then removes what it says, with the keys of sessions that ended within. A crash in between is made good at the
   * next start. @returns the entry's index
   */
  prune(facts: PruneFacts): Promise<number>
  /**
   * The proof that the first `from` durable entries begin the first `to`; empty where `from` is 0.
   * @throws RangeError | GatewayError audit_unavailable naming a tile or entry that cannot be read
   */
  consistency(from: number, to: number): Promise<readonly Hash[]>
  /** The last one signed since this start; its entries are durable. */
  readonly checkpoint: SignedCheckpoint | undefined
  /** Resolves once there are more durable entries, or a later checkpoint, than these, or the signal aborts. */
  grown(past: Pick<AuditLog, 'size' | 'checkpoint'>, signal: AbortSignal): Promise<void>
  /** Verifier key of this log, C2SP signed-note form `origin+hash+base64`. */
  readonly verifierKey: string
  /** Writes what is queued and a last checkpoint. @throws GatewayError audit_unavailable when that failed */
  close(): Promise<void>
}

export interface SignedCheckpoint {
  /** Number of entries. */
  readonly size: number
  /** Signed note, C2SP tlog-checkpoint. */
  readonly note: string
}

export interface AuditLogOptions {
  readonly directory: string
  /** Name of the log; cannot change once it has begun. */
  readonly origin: string
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly heartbeat: () => { sessions: number }
  /** Go on with a log that is shorter than its own checkpoint; the loss is written into it. */
  readonly acceptLoss?: boolean
  /** Has the log signed by a new key from now on. */
  readonly rotateKey?: boolean
  /** Monotonic milliseconds since the process started. */
  readonly elapsed?: () => number
  readonly disk?: Disk
  readonly segmentBytes?: number
}

const segmentBytes = 64 * 1024 * 1024
const checkpointEntries = 1_000
const checkpointMilliseconds = 10_000
const heartbeatMilliseconds = 60_000
const tickMilliseconds = 1_000

/**
 * Opens the log in a directory, or begins one. By the time it resolves, what an earlier start left unfinished is written down.
 * @throws GatewayError config_invalid (the directory is unfit), conflict (another gateway writes there), audit_unavailable (damaged)
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const directory = absolute(options.directory)
  await prepareDirectory(directory)
  const lock = await lockDirectory(directory)
  try {
    return await open({ ...options, directory }, lock)
  } catch (error) {
    await lock.release()
    throw error instanceof Error && 'syscall' in error ? diskFailure(error, 'opening it') : error
  }
}

async function open(options: AuditLogOptions, lock: Lock): Promise<AuditLog> {
  const { directory, origin, disk = nodeDisk } = options
  const segments = await listSegments(directory)
  const found = await loadKey(directory, origin, segments.length > 0, disk)
  await mkdir(join(directory, 'segments'), { recursive: true, mode: 0o700 })
  await syncFolder(disk, directory)
  const { current, next } = found
  const others = next === undefined ? [] : [parseVerifierKey(next.verifierKey)]
  const prunedBefore = (await readPruned(directory))?.first ?? 0
  const verifiers: [Verifier, ...Verifier[]] = [parseVerifierKey(current.verifierKey), ...others]
  const recovered = await recover(directory, segments, verifiers, prunedBefore, options.acceptLoss ?? false)
  const log = new Log(options, keyInForce(found, recovered), recovered, lock)
  await log.begin(recovered, found)
  return log
}

/** A rotation counts once its entry is durable. @throws GatewayError audit_unavailable when the log has a key that is not here */
function keyInForce({ current, next }: FoundKeys, { signer, rotatedTo }: Recovered): LogKey {
  const signed = signer !== undefined && next !== undefined && Buffer.compare(signer.keyId, parseVerifierKey(next.verifierKey).keyId) === 0
  const key = signed || (next !== undefined && rotatedTo === next.verifierKey) ? next : current
  if (rotatedTo !== undefined && rotatedTo !== key!.verifierKey) {
    throw damage('log.key', 'the log tells of a rotation to another key, whose private key is not here')
  }
  return key!
}

class Log implements AuditLog {
  #key: LogKey
  readonly #options: AuditLogOptions
  readonly #lock: Lock
  readonly #elapsed: () => number
  readonly #clock: ReturnType<typeof createClock>
  readonly #text: Encode
  readonly #segments: Segments
  /** The tree and the open statements know durable entries only. */
  readonly #tree: Recovered['tree']
  readonly #open: Recovered['open']
  readonly #writeCheckpoint: ReturnType<typeof createCheckpoints>
  readonly #failure = new AbortController()
  /** Absent until what was recovered is written down: no checkpoint comes between the steps of that. */
  #timer: NodeJS.Timeout | undefined
  readonly #commit: GroupCommit
  /** Index of the next entry; those from `#durable` on are on their way. */
  #next: number
  #durable: number
  #checkpointing: Promise<void> | undefined
  #checkpointSize: number
  #checkpointAt: number
  #heartbeatAt: number
  #checkpointed: SignedCheckpoint | undefined
  readonly #growth = new Growth()
  #closing: Promise<void> | undefined
  #pruning: Promise<unknown> = Promise.resolve()

  constructor(options: AuditLogOptions, key: LogKey, recovered: Recovered, lock: Lock) {
    const { directory, now, elapsed = () => performance.now(), disk = nodeDisk } = options
    this.#key = key
    this.#options = options
    this.#lock = lock
    this.#elapsed = elapsed
    this.#clock = createClock(now, elapsed)
    this.#text = createEncode(options.origin, makeId(now(), randomBytes(16)))
    this.#segments = new Segments(directory, disk, options.segmentBytes ?? segmentBytes, recovered.segments)
    this.#tree = recovered.tree
    this.#open = recovered.open
    this.#writeCheckpoint = createCheckpoints(directory, options.origin, () => this.#key.privateKey, disk)
    this.#commit = new GroupCommit({
      write: (batch) => this.#segments.append(this.#durable, batch.pieces, batch.offsets),
      settled: (batch) => this.#settle(batch),
      failed: (error) => this.#fail(diskFailure(error, 'writing entries'))
    })
    this.#next = this.#durable = recovered.tree.size
    this.#checkpointSize = recovered.checkpointSize ?? -1
    this.#checkpointAt = this.#heartbeatAt = elapsed()
  }

  get verifierKey(): string { return this.#key.verifierKey }
  get first(): number { return this.#segments.first }
  get signal(): AbortSignal { return this.#failure.signal }
  get size(): number { return this.#durable }
  get checkpoint(): SignedCheckpoint | undefined { return this.#checkpointed }

  grown({ size, checkpoint }: Pick<AuditLog, 'size' | 'checkpoint'>, signal: AbortSignal): Promise<void> {
    return this.#growth.until(() => this.#durable > size || this.#checkpointed !== checkpoint, signal)
  }

  /** Writes down what was recovered, and the checkpoint that covers it. */
  async begin({ droppedBytes, open, discontinuity }: Recovered, keys: FoundKeys): Promise<void> {
    const { directory, disk = nodeDisk, rotateKey = false } = this.#options
    try {
      await checkPruned(directory, this.#segments, this.#durable, disk)
      // A log without checkpoint is one that was tampered with, so a new one has its first before its first entry.
      if (this.#checkpointSize < 0 && this.#durable === 0) await this.#checkpoint()
      if (droppedBytes > 0 || open.size > 0 || discontinuity !== undefined) {
        const outcomes = open.unknownOutcomes()
        await this.append([
          { kind: 'recovery', droppedBytes, unknownOutcomes: outcomes.length, ...(discontinuity === undefined ? {} : { discontinuity }) },
          ...outcomes
        ])
      }
      // Signed anew where nothing was added: whoever follows the log learns where it stands.
      if (this.#checkpointed?.size !== this.#durable) await this.#checkpoint()
      this.#refuseIfFailed()
      if (this.#key === keys.next) await adoptNextKey(directory, this.verifierKey, disk)
      else await forgetNextKey(directory, disk)
      if (rotateKey) await this.#rotate()
      await settlePrune(directory, this.#segments, this.#durable, disk)
      this.#timer = setInterval(() => this.#tick(), tickMilliseconds).unref()
    } catch (error) {
      clearInterval(this.#timer)
      await this.#segments.close()
      throw error
    }
  }

  /**
   * The next key, the entry that both keys sign, the checkpoint that the next one signs, and the last key goes: a start finishes what it
   * finds begun.
   */
  async #rotate(): Promise<void> {
    const { directory, origin, disk = nodeDisk } = this.#options
    const next = await makeNextKey(directory, origin, disk)
    await this.append([{ kind: 'key.rotate', ...signRotation(origin, this.#key.privateKey, next.privateKey) }])
    this.#key = next
    await this.#checkpoint()
    this.#refuseIfFailed()
    await adoptNextKey(directory, next.verifierKey, disk)
  }

  async prunable(before: string): Promise<Prunable | undefined> {
    return prunable(this.#segments, before, this.#checkpointSize, this.#treeSource())
  }

  prune(facts: PruneFacts): Promise<number> {
    const pruning = this.#pruning.then(() => this.#prune(facts))
    this.#pruning = pruning.catch(() => undefined)
    return pruning
  }

  async #prune(facts: PruneFacts): Promise<number> {
    const { directory, disk = nodeDisk } = this.#options
    if (!(facts.first > this.first)) throw new GatewayError('conflict', `the entries before ${facts.first} are removed already`)
    await planPrune(directory, facts, this.#durable, disk)
    const [index] = await this.append([facts])
    const { entry } = await this.#segments.record(index!)
    await finishPrune(directory, this.#segments, entry, disk)
    return index!
  }

  async append(facts: readonly EntryFacts[], attachments: readonly (Attachment | undefined)[] = []): Promise<readonly number[]> {
    this.#refuseIfFailed()
    if (this.#closing !== undefined) throw new GatewayError('audit_unavailable', 'the audit log is closed: the gateway is shutting down')
    if (facts.length === 0) return []
    this.#noteClockJump()
    const batch = this.#commit.filling
    const [count, next] = [batch.count, this.#next]
    try {
      facts.forEach((each, i) => this.#encode(each, attachments[i]))
    } catch (error) {
      batch.rewind(count)
      this.#next = next
      throw error
    }
    await this.#commit.durable()
    return facts.map((_, i) => next + i)
  }

  note(facts: EntryFacts): void {
    if (this.signal.aborted || this.#closing !== undefined) return
    this.#noteClockJump()
    try {
      this.#encode(facts)
    } catch (error) {
      // What cannot be written as it is still leaves a trace; its content may be what is wrong, so only its kind is told.
      this.#encode({
        kind: 'admin',
        action: 'audit.entry-refused',
        detail: `${facts.kind}: ${error instanceof GatewayError ? error.message : 'it has no canonical form'}`
      })
    }
    this.#commit.start()
  }

  read({ from = 0, to = Infinity }: { readonly from?: number, readonly to?: number }): AsyncIterable<AuditEntry> {
    return parsed(this.#segments.read(Math.max(this.first, from), Math.min(to, this.#durable)))
  }

  async record(index: number): Promise<LogRecord> {
    if (!(Number.isSafeInteger(index) && index >= 0 && index < this.#durable)) {
      throw new GatewayError('not_found', `there is no entry ${index}: the log has ${this.#durable}`)
    }
    return this.#segments.record(index)
  }

  async consistency(from: number, to: number): Promise<readonly Hash[]> {
    if (to > this.#durable) throw new RangeError(`there are ${this.#durable} entries, not ${to}`)
    return proveConsistency(from, to, this.#treeSource())
  }

  #treeSource(): TreeSource {
    return {
      tile: (path) => readTile(this.#options.directory, path),
      leaves: async (begin, end) => {
        const leaves: Hash[] = []
        for await (const bytes of this.#segments.read(begin, end)) leaves.push(hashLeaf(bytes))
        return leaves
      }
    }
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close()
  }

  async #close(): Promise<void> {
    clearInterval(this.#timer)
    const failed = this.signal.aborted
    await this.#pruning
    await this.#commit.idle()
    await this.#checkpointing
    if (!this.signal.aborted && this.#checkpointSize !== this.#durable) await this.#checkpoint()
    await this.#segments.close()
    await this.#lock.release()
    // Whoever asked for the end learns what went wrong at the end; what had failed before, the signal has told.
    if (!failed) this.#refuseIfFailed()
  }

  #encode(facts: EntryFacts, attachment?: Attachment): void {
    this.#commit.filling.add(facts, this.#text(facts, this.#next, this.#clock.stamp(), attachment?.facts), attachment)
    this.#next++
  }

  #noteClockJump(): void {
    const deltaMilliseconds = this.#clock.jump()
    if (deltaMilliseconds !== 0) this.#encode({ kind: 'clock.jump', deltaMilliseconds })
  }

  #settle(batch: Batch): void {
    for (let i = 0; i < batch.count; i++) {
      this.#tree.append(batch.leaves[i]!)
      this.#open.see(this.#durable + i, batch.facts[i]!)
    }
    this.#durable += batch.count
    this.#growth.tell()
    if (!this.signal.aborted && this.#durable - this.#checkpointSize >= checkpointEntries) void this.#checkpoint()
  }

  /** Resolves when it is written, or the log has failed. */
  #checkpoint(): Promise<void> {
    return this.#checkpointing ??= this.#signCheckpoint()
  }

  async #signCheckpoint(): Promise<void> {
    const size = this.#durable
    this.#checkpointAt = this.#elapsed()
    try {
      const tiles = this.#tree.takeFull()
      const note = await this.#writeCheckpoint({ size, rootHash: this.#tree.root(), tiles, open: this.#open.text(size) })
      this.#checkpointSize = size
      this.#checkpointed = { size, note }
      this.#growth.tell()
    } catch (error) {
      this.#fail(diskFailure(error, 'writing a checkpoint'))
    }
    this.#checkpointing = undefined
  }

  #tick(): void {
    if (this.signal.aborted) return
    const now = this.#elapsed()
    if (now - this.#heartbeatAt >= heartbeatMilliseconds) {
      this.#heartbeatAt = now
      this.note({ kind: 'heartbeat', ...this.#options.heartbeat() })
    } else {
      this.#noteClockJump()
      this.#commit.start()
    }
    if (this.#durable > this.#checkpointSize && now - this.#checkpointAt >= checkpointMilliseconds) void this.#checkpoint()
  }

  /** What waits is refused, now and from now on; nothing is tried again. */
  #fail(reason: GatewayError): void {
    if (this.signal.aborted) return
    clearInterval(this.#timer)
    this.#commit.fail(reason)
    this.#failure.abort(reason)
  }

  #refuseIfFailed(): void {
    if (this.signal.aborted) throw this.signal.reason as GatewayError
  }
}

async function* parsed(entries: AsyncIterable<Uint8Array>): AsyncGenerator<AuditEntry> {
  for await (const bytes of entries) yield parseEntry(bytes)
}
