// How the script of the transparency test is written: exchanges as data, and the few shapes most of them have.
import { bind, describePortal, execute, parse, query, sync, type Value } from '../../support/messages.ts'

/** Sends, then waits; or has somebody else do something first. */
export interface Step {
  /** SQL another connection runs, straight on the server, before anything is sent. */
  readonly elsewhere?: string
  /** Messages in one write. */
  readonly send: readonly Uint8Array[]
  /** The step ends with the `count`th reply of one of these types. */
  readonly until: string
  readonly count?: number
}

export interface Exchange {
  readonly name: string
  readonly steps: readonly Step[]
}

/** Exchanges that are told apart by a heading, run in order on one connection. */
export interface Chapter {
  readonly heading: string
  readonly exchanges: readonly Exchange[]
}

const shortened = (text: string) => text.length > 100 ? `${text.slice(0, 100)}... (${text.length})` : text

/** A Query and what answers it. */
export function simple(text: string): Exchange {
  return { name: shortened(text), steps: [{ send: [query(text)], until: 'Z' }] }
}

export interface ExtendedOptions {
  readonly types?: readonly number[]
  /** Parameter formats: 0 text, 1 binary. */
  readonly formats?: readonly number[]
  /** Result formats. */
  readonly results?: readonly number[]
  readonly maxRows?: number
}

/** Parse, Bind, Describe, Execute and Sync in one write, all unnamed. */
export function extended(text: string, parameters: readonly Value[] = [], options: ExtendedOptions = {}): Exchange {
  const { types = [], formats = [], results = [], maxRows = 0 } = options
  const how = results.includes(1) ? 'extended, binary' : 'extended'
  return {
    name: `${how}: ${shortened(text)}`,
    steps: [{ send: [parse(text, '', types), bind({ parameters, formats, results }), describePortal(), execute('', maxRows), sync()], until: 'Z' }]
  }
}

/** The three ways one statement's result can be asked for. */
export function everyWay(text: string): Exchange[] {
  return [simple(text), extended(text), extended(text, [], { results: [1] })]
}

/** Messages in one write up to a Sync that stands at their end. */
export function batch(name: string, ...messages: readonly Uint8Array[]): Exchange {
  return { name, steps: [{ send: [...messages, sync()], until: 'Z' }] }
}

export function steps(name: string, ...list: readonly Step[]): Exchange {
  return { name, steps: list }
}
