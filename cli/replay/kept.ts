// A recording kept in memory to be moved about in: its lines deflated in blocks, and of each event what a player asks for. Pure.
// 64 MiB of events take less than 48 MiB so, mostly far less. Nothing of it goes to this machine's disk.
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { RecordingEvent, RecordingHead, ReplayLine, ShownColumn } from '../../shared/recording.ts'
import type { Mark } from './player.ts'

/** Characters of lines that make a block. */
const blockCharacters = 256 * 1024
/** Unfolded ones that are kept: a screen moves within one or two. */
const unfoldedBlocks = 4
/** What is kept at most, deflated; and how many events, at about 20 bytes each beside that. */
const maxKeptBytes = 128 * 1024 * 1024
const maxKeptEvents = 5_000_000

interface Block {
  /** Index of its first event. */
  readonly first: number
  readonly bytes: Uint8Array
}

export class KeptRecording {
  head: RecordingHead | undefined
  /** What is wrong with the file, behind the last event. */
  damage: string | undefined
  /** There was no room for the rest. */
  cut = false
  /** Characters of all events taken. */
  characters = 0
  readonly #limits: { readonly bytes: number, readonly events: number }
  readonly #at = new Growing(Float64Array)
  readonly #marks = new Growing(Uint8Array)
  /** Of rows, and of what ends them: the event that names their columns. */
  readonly #columns = new Growing(Int32Array)
  readonly #blocks: Block[] = []
  readonly #connections = new Set<number>()
  #keptBytes = 0
  #lines: string[] = []
  #length = 0
  /** The event that names the columns of the result that goes on, by connection. */
  readonly #open = new Map<number, number>()
  /** Connections whose last word was a refusal, which an error repeats. */
  readonly #refused = new Set<number>()
  readonly #unfolded = new Map<number, readonly string[]>()

  constructor({ bytes = maxKeptBytes, events = maxKeptEvents }: { readonly bytes?: number, readonly events?: number } = {}) {
    this.#limits = { bytes, events }
  }

  /** @returns false where there is no room for it, nor for anything behind it */
  take(line: ReplayLine): boolean {
    if (line.type === 'recording') this.head = line
    else if (line.type === 'damaged') this.damage = line.reason
    else if (this.#keptBytes + this.#length >= this.#limits.bytes || this.count >= this.#limits.events) this.cut = true
    else this.#add(line)
    return !this.cut
  }

  get count(): number { return this.#at.length }
  get connections(): number { return this.#connections.size }
  /** Milliseconds since the session was opened, of each event; never falling. */
  get times(): Float64Array { return this.#at.all }

  /** What a player may jump to, in order. */
  marks(kind: Mark): number[] {
    const wanted = markNumbers[kind]
    const found: number[] = []
    this.#marks.all.forEach((mark, i) => { if (mark === wanted) found.push(i) })
    return found
  }

  event(index: number): RecordingEvent {
    const at = this.#blockOf(index)
    const { first } = this.#blocks[at] ?? { first: this.count - this.#lines.length }
    return JSON.parse(this.#unfold(at)[index - first]!) as RecordingEvent
  }

  /** Of the result that the event belongs to. */
  columns(index: number): readonly ShownColumn[] | undefined {
    const named = this.#columns.all[index]!
    if (named < 0) return undefined
    const event = this.event(named)
    return event.type === 'columns' ? event.columns : undefined
  }

  #add(event: RecordingEvent): void {
    const index = this.count
    const connection = event.connection ?? 0
    if (event.connection !== undefined) this.#connections.add(connection)
    // What a clock that went back has done must not make a player go back.
    this.#at.push(Math.max(event.at, index === 0 ? 0 : this.#at.all[index - 1]!))
    this.#columns.push(event.type === 'rows' || event.type === 'done' ? this.#open.get(connection) ?? -1 : -1)
    this.#marks.push(this.#markOf(event, connection))
    if (event.type === 'columns') this.#open.set(connection, index)
    else if (event.type === 'done' || event.type === 'error') this.#open.delete(connection)
    const line = JSON.stringify(event)
    this.characters += line.length
    this.#length += line.length + 1
    this.#lines.push(line)
    if (this.#length >= blockCharacters) this.#fold()
  }

  #markOf(event: RecordingEvent, connection: number): number {
    const repeated = this.#refused.delete(connection)
    switch (event.type) {
      case 'statement': return markNumbers.statement
      case 'held': return markNumbers.hold
      case 'denied': this.#refused.add(connection); return markNumbers.error
      case 'error': return repeated || event.sqlState === sessionEnded ? 0 : markNumbers.error
      default: return 0
    }
  }

  #fold(): void {
    const bytes = deflateRawSync(this.#lines.join('\n'), { level: 1 })
    this.#blocks.push({ first: this.count - this.#lines.length, bytes })
    this.#keptBytes += bytes.length
    this.#lines = []
    this.#length = 0
  }

  /** The block an event is in; as many as there are blocks: it is not in one yet. */
  #blockOf(index: number): number {
    let [low, high] = [0, this.#blocks.length]
    if (index >= this.count - this.#lines.length) return high
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.#blocks[middle]!.first <= index) low = middle
      else high = middle
    }
    return low
  }

  #unfold(at: number): readonly string[] {
    const block = this.#blocks[at]
    if (block === undefined) return this.#lines
    const lines = this.#unfolded.get(at) ?? inflateRawSync(block.bytes).toString('utf8').split('\n')
    // The newest stands last.
    this.#unfolded.delete(at)
    this.#unfolded.set(at, lines)
    if (this.#unfolded.size > unfoldedBlocks) this.#unfolded.delete(this.#unfolded.keys().next().value!)
    return lines
  }
}

/** How each client is told that its session ends: in order, too. */
const sessionEnded = '57P01'
const markNumbers: Readonly<Record<Mark, number>> = { statement: 1, hold: 2, error: 3 }

/** Numbers of a fixed width, as many as come. */
class Growing<T extends Float64Array | Uint8Array | Int32Array> {
  #array: T
  readonly #make: new (length: number) => T
  length = 0

  constructor(make: new (length: number) => T) {
    this.#make = make
    this.#array = new make(1024)
  }

  get all(): T { return this.#array.subarray(0, this.length) as T }

  push(value: number): void {
    if (this.length === this.#array.length) {
      const wider = new this.#make(this.length * 2)
      wider.set(this.#array)
      this.#array = wider
    }
    this.#array[this.length++] = value
  }
}
