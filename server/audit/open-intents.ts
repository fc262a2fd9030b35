// Statements that were permitted and have no outcome yet, kept beside each checkpoint so that a start after a crash need not read
// the whole log to find them. Not part of what is proven: without the file, the log is read from its beginning.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonical } from '../../shared/audit/canonical.ts'
import type { EntryFacts } from '../../shared/audit/entry.ts'
import { crc32c } from '../../shared/audit/frame.ts'

export class OpenIntents {
  readonly #open: Map<number, { readonly session: string, readonly connection: number }>

  /** @param open by index of the intent */
  constructor(open: Iterable<readonly [number, { readonly session: string, readonly connection: number }]> = []) {
    this.#open = new Map(open)
  }

  get size(): number { return this.#open.size }

  /** An entry has become durable. */
  see(index: number, facts: EntryFacts): void {
    if (facts.kind === 'statement.intent') this.#open.set(index, { session: facts.session, connection: facts.connection })
    else if (facts.kind === 'outcome') this.#open.delete(facts.intent)
  }

  /** The outcome of each that nobody will ever tell. */
  unknownOutcomes(): EntryFacts[] {
    return [...this.#open].map(([intent, { session, connection }]) => ({
      kind: 'outcome',
      session,
      connection,
      intent,
      outcome: { status: 'unknown', durationMilliseconds: 0 }
    }))
  }

  /**
   * As it stands in the file, when `size` entries are known:
   *   checksum  CRC-32C of the rest, 8 hexadecimal digits, newline
   *   text      {"intents":[[index,session,connection],...],"size":size}
   */
  text(size: number): string {
    const text = canonical({ size, intents: [...this.#open].map(([index, { session, connection }]) => [index, session, connection]) })
    return `${checksum(text)}\n${text}`
  }

  /** undefined when there is no such file, or it is damaged. `size` is how many entries it knows. */
  static async load(directory: string): Promise<{ readonly intents: OpenIntents, readonly size: number } | undefined> {
    const file = await readFile(join(directory, 'open'), 'utf8').catch(() => undefined)
    const [sum, text] = file?.split('\n') ?? []
    if (text === undefined || sum !== checksum(text)) return undefined
    const { size, intents } = JSON.parse(text) as { size: number, intents: [number, string, number][] }
    return { size, intents: new OpenIntents(intents.map(([index, session, connection]) => [index, { session, connection }] as const)) }
  }
}

function checksum(text: string): string {
  return crc32c(Buffer.from(text)).toString(16).padStart(8, '0')
}
