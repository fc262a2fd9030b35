// Steps of sequences, by how they are sent. Pure.
import { bind, describePortal, execute, parse, query, sync, type Value } from '../support/messages.ts'
import type { Step, Who } from './sequence.ts'

/** A Query. */
export const simple = (on: Who, sql: string): Step => ({ on, text: sql, messages: [query(sql)] })

/** Parse, Bind, Describe, Execute, Sync. @param binary the rows are asked for in binary */
export function extended(on: Who, sql: string, { binary = false, parameters = [] as readonly Value[] } = {}): Step {
  const bound = bind({ parameters, results: [binary ? 1 : 0] })
  return { on, text: `extended${binary ? ', binary' : ''}: ${sql}`, messages: [parse(sql), bound, describePortal(), execute(), sync()] }
}

/** A statement of that name, for later. */
export const prepared = (on: Who, name: string, sql: string): Step => ({ on, text: `parse ${name}: ${sql}`, messages: [parse(sql, name), sync()] })

/** A portal of that name, for later. */
export const bound = (on: Who, portal: string, sql: string): Step => ({ on, text: `parse, bind to portal ${portal}: ${sql}`, messages: [parse(sql), bind({ portal }), sync()] })

/** @param maxRows 0: all */
export const executed = (on: Who, portal: string, maxRows = 0): Step => ({ on, text: `execute portal ${portal}, ${maxRows} rows`, messages: [execute(portal, maxRows), sync()] })

export const boundTo = (on: Who, name: string): Step =>
  ({ on, text: `bind and execute statement ${name}`, messages: [bind({ statement: name }), execute(), sync()] })

export const copied = (on: Who, sql: string, data: string): Step => ({ on, text: `${sql} <- ${JSON.stringify(data)}`, messages: [query(sql)], data })
