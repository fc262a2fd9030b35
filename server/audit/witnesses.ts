// Has each checkpoint cosigned by witnesses, with the proof that it continues the one before. No statement ever waits for a witness: one
// that is down or refuses is told to the operator, and what it cosigned last stays on disk.
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WitnessHealth } from '../../shared/api.ts'
import { parseCheckpoint, parseNote, parseSignature, signaturesOf, type Verifier } from '../../shared/audit/checkpoint.ts'
import { cosignedAt, parseWitnessKey } from '../../shared/audit/cosignature.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { addCheckpointPath, addCheckpointText } from '../../shared/audit/witness-request.ts'
import { GatewayError } from '../../shared/errors.ts'
import { keepingAgent, post, type Answer } from '../outbound/post.ts'
import { nodeDisk, replaceFile, syncFolder, type Disk } from './disk.ts'
import type { AuditLog, SignedCheckpoint } from './log.ts'

/** Below the log's folder: what each witness cosigned last, one signed note a witness. */
export const cosignedFolder = 'cosigned'

export interface WitnessConfig {
  /** As the operator calls it; names its file. */
  readonly name: string
  readonly url: string
  /** Its verifier key line. */
  readonly key: string
  /** PEM bundle to trust instead of the system's. */
  readonly ca?: string
}

export interface WitnessesParts {
  readonly witnesses: readonly WitnessConfig[]
  readonly directory: string
  readonly audit: Pick<AuditLog, 'checkpoint' | 'grown' | 'consistency'>
  readonly note: (facts: EntryFacts) => void
  readonly log: { error(facts: object, message: string): void, info(facts: object, message: string): void }
  /** 0 up to 1. */
  readonly random: () => number
  readonly disk?: Disk
  readonly timeoutMilliseconds?: number
  /** The first wait after a failure; doubled up to a minute. */
  readonly retryMilliseconds?: number
}

export interface Witnesses {
  status(): readonly WitnessHealth[]
  /** Stops, after one last try to have the log's last checkpoint cosigned, of a few seconds at most. */
  close(): Promise<void>
}

const timeout = 10_000
const farewellMilliseconds = 3_000
const retry = 1_000
const longestRetry = 60_000
/** A few signature lines, or a sentence. */
const answerBytes = 16 * 1024

/** What became of one try; `alarm`: the witness says that the log is not what it was. */
type Result =
  | { readonly cosigned: number, readonly time: number }
  | { readonly problem: string, readonly alarm: boolean }

/** @throws GatewayError config_invalid for a key that is none */
export async function openWitnesses({ witnesses, ...parts }: WitnessesParts): Promise<Witnesses> {
  const { directory, disk = nodeDisk } = parts
  if (witnesses.length > 0) {
    await mkdir(join(directory, cosignedFolder), { recursive: true, mode: 0o700 })
    await syncFolder(disk, directory)
  }
  const followed = await Promise.all(witnesses.map((witness) => follow(witness, parts)))
  return {
    status: () => followed.map(({ status }) => status()),
    close: async () => { await Promise.all(followed.map(({ close }) => close())) }
  }
}

async function follow(config: WitnessConfig, parts: Omit<WitnessesParts, 'witnesses'>): Promise<{ status(): WitnessHealth, close(): Promise<void> }> {
  const { audit, directory, note, log, random, disk = nodeDisk, timeoutMilliseconds = timeout, retryMilliseconds = retry } = parts
  const { name, ca } = config
  const witness = keyOf(config)
  const url = new URL(config.url.replace(/\/$/, '') + addCheckpointPath)
  const agent = keepingAgent(url.protocol, ca)
  const path = join(directory, cosignedFolder, name)
  const stop = new AbortController()
  let { entries, time } = await lastCosigned(path, witness)
  /** How far the witness is believed to know the log; it says so where that is wrong. */
  let known = entries
  let problem: string | undefined
  const running = run()

  return {
    status: () => ({
      name,
      entries,
      ...(time === undefined ? {} : { time: new Date(time * 1000).toISOString() }),
      ...(problem === undefined ? {} : { problem })
    }),

    async close() {
      stop.abort()
      await running
      const last = audit.checkpoint
      if (last !== undefined && last.size > entries) settle(await attempt(last, Math.min(timeoutMilliseconds, farewellMilliseconds)))
      agent.destroy()
    }
  }

  async function run(): Promise<void> {
    let failures = 0
    let done: SignedCheckpoint | undefined
    while (!stop.signal.aborted) {
      const { checkpoint } = audit
      if (checkpoint === done) {
        await audit.grown({ size: Infinity, checkpoint }, stop.signal)
        continue
      }
      settle(await attempt(checkpoint!, timeoutMilliseconds, stop.signal))
      if (problem === undefined) {
        failures = 0
        done = checkpoint
      } else {
        await pause(Math.min(longestRetry, retryMilliseconds * 2 ** failures++) * (0.5 + random()), stop.signal)
      }
    }
  }

  function settle(result: Result): void {
    if ('cosigned' in result) {
      if (problem !== undefined) log.info({ witness: name, entries: result.cosigned }, 'the witness cosigns again')
      entries = result.cosigned
      time = result.time
      problem = undefined
      return
    }
    if (result.problem === problem || stop.signal.aborted) return
    problem = result.problem
    log.error({ witness: name, problem, cosigned: entries }, result.alarm ? 'ALARM: the witness does not accept this log' : 'the witness does not cosign')
    if (result.alarm) note({ kind: 'admin', action: 'witness.refused', detail: `${name}: ${problem}` })
  }

  /** Never rejects. */
  async function attempt(checkpoint: SignedCheckpoint, milliseconds: number, signal = new AbortController().signal): Promise<Result> {
    try {
      // The second try goes on from the size the witness named; it may have moved on once more by then.
      for (let tries = 0; tries < 3; tries++) {
        if (known > checkpoint.size) return ahead(known, checkpoint.size)
        const proof = await audit.consistency(known, checkpoint.size)
        const body = addCheckpointText({ oldSize: known, proof, checkpoint: Buffer.from(checkpoint.note) })
        const answer = await post({
          url, body, headers: { 'content-type': 'text/plain; charset=utf-8' }, timeoutMilliseconds: milliseconds, signal, agent, answerBytes,
          ...(ca === undefined ? {} : { ca })
        })
        const said = sizeSaid(answer)
        if (said === undefined) return await judged(answer, checkpoint)
        if (said === known) return { problem: `it has cosigned another tree of ${said} entries: this log was rewritten, or another one has its key`, alarm: true }
        known = said
      }
      return { problem: 'it names another size each time: another gateway may use the same log\'s name and key', alarm: true }
    } catch (error) {
      return { problem: error instanceof GatewayError ? error.message : (error as Error).message, alarm: false }
    }
  }

  async function judged(answer: Answer, { size, note: signed }: SignedCheckpoint): Promise<Result> {
    if ('error' in answer) return { problem: `it cannot be reached (${answer.error.code ?? answer.error.message})`, alarm: false }
    const { status, body } = answer
    if (status === 422) {
      return { problem: `it has cosigned ${known} entries that this log does not continue: the log was rewritten, or restored from another copy`, alarm: true }
    }
    if (status === 403 || status === 404) {
      return { problem: `it does not know this log's key (HTTP ${status}): give its operator the line in log.pub`, alarm: false }
    }
    if (status !== 200) return { problem: `it answered HTTP ${status}`, alarm: false }
    const own = signaturesOf({ signatures: body.split('\n').filter((line) => line !== '').map(parseSignature) }, witness)
    const whole = signed + own.map(({ line }) => line).join('')
    const at = cosignedAt(parseNote(Buffer.from(whole)), witness)
    if (at === undefined) return { problem: 'its answer holds no cosignature of the configured key', alarm: false }
    await replaceFile(disk, path, Buffer.from(whole))
    known = size
    return { cosigned: size, time: at }
  }
}

function ahead(theirs: number, ours: number): Result {
  return { problem: `it has cosigned ${theirs} entries and this log has ${ours}: the log was cut, or restored from an old copy`, alarm: true }
}

/** Of an answer 409: the size the witness knows. */
function sizeSaid(answer: Answer): number | undefined {
  if ('error' in answer || answer.status !== 409) return undefined
  const size = /^(0|[1-9]\d{0,15})\n?$/.exec(answer.body)?.[1]
  return size === undefined || !Number.isSafeInteger(Number(size)) ? undefined : Number(size)
}

function keyOf({ name, key }: WitnessConfig): Verifier {
  try {
    return parseWitnessKey(key)
  } catch (error) {
    throw new GatewayError('config_invalid', `audit.witnesses: ${name}: ${(error as Error).message}`, { hint: 'the line that hoop witness init prints' })
  }
}

/** A file that is damaged, or of another key, counts for nothing: the witness says how far it is. */
async function lastCosigned(path: string, witness: Verifier): Promise<{ entries: number, time?: number }> {
  try {
    const note = parseNote(await readFile(path))
    const time = cosignedAt(note, witness)
    return time === undefined ? { entries: 0 } : { entries: parseCheckpoint(note.text).size, time }
  } catch {
    return { entries: 0 }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener('abort', done)
  })
}
