// Steps of sequences, by how they are sent. Pure.
import { bind, describePortal, execute, flush, parse, query, sync, type Value } from '../support/messages.ts'
import type { Step, Who } from './sequence.ts'

/** A Query. */
export const simple = (on: Who, sql: string): Step => ({ on, text: sql, messages: [query(sql)], readies: 1 })

/** Parse, Bind, Describe, Execute, Sync. @param binary the rows are asked for in binary */
export function extended(on: Who, sql: string, { binary = false, parameters = [], portal = '' }: { binary?: boolean, parameters?: readonly Value[], portal?: string } = {}): Step {
  const bound = bind({ portal, parameters, results: [binary ? 1 : 0] })
  return { on, text: `extended${binary ? ', binary' : ''}${portal === '' ? '' : `, portal ${portal}`}: ${sql}`, messages: [parse(sql), bound, describePortal(portal), execute(portal), sync()], readies: 1 }
}

/** A statement of that name, for later. */
export const prepared = (on: Who, name: string, sql: string): Step => ({ on, text: `parse ${name}: ${sql}`, messages: [parse(sql, name), sync()], readies: 1 })

/** A portal of that name, for later. */
export const bound = (on: Who, portal: string, sql: string): Step => ({ on, text: `parse, bind to portal ${portal}: ${sql}`, messages: [parse(sql), bind({ portal }), sync()], readies: 1 })

/** @param maxRows 0: all */
export const executed = (on: Who, portal: string, maxRows = 0): Step => ({ on, text: `execute portal ${portal}, ${maxRows} rows`, messages: [execute(portal, maxRows), sync()], readies: 1 })

export const boundTo = (on: Who, name: string, parameters: readonly Value[] = []): Step =>
  ({ on, text: `bind and execute statement ${name}`, messages: [bind({ statement: name, parameters }), execute(), sync()], readies: 1 })

/** Its transaction stays open. */
export const unfinished = (on: Who, sql: string): Step => ({ on, text: `without Sync: ${sql}`, messages: [parse(sql), bind(), execute(), flush()], readies: 0 })

export const copied = (on: Who, sql: string, data: string): Step => ({ on, text: `${sql} <- ${JSON.stringify(data)}`, messages: [query(sql)], readies: 1, data })
