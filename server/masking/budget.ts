// How many different protected values somebody has asked for: an equality that is allowed once tells whether a value exists, and asked
// often enough it tells them all. Pure but for what it remembers: hashes under a key of this process, never a value.
import { createHmac } from 'node:crypto'

/** Values asked for in some columns together; none where they cannot be told from the statement. */
export interface Asked {
  /** `schema.relation.column`. */
  readonly columns: readonly string[]
  readonly values?: readonly Uint8Array[]
}

export interface LookupLimit {
  /** Different values of an account's, within the window. */
  readonly distinct: number
  readonly seconds: number
}

export interface Spent {
  /** Different values asked for within the window, the last ones included unless they were too many. */
  readonly count: number
  /** It asks for more than is left, or for what cannot be counted. */
  readonly over: boolean
}

/** Beyond this many accounts with something spent, new ones have no budget. */
const maxAccounts = 10_000

/** The window slides: a value counts until that long after it was last asked for. A new process begins at nothing. */
export class LookupBudget {
  readonly #key: Uint8Array
  /** By account: hash of a value, and when it was last asked for; the oldest first. */
  readonly #accounts = new Map<string, Map<string, number>>()

  /** @param key random, of this process: without it the hashes cannot be tried out */
  constructor(key: Uint8Array) {
    this.#key = key
  }

  /**
   * Counts the values of one statement, which is then spent whatever becomes of it. Where they are too many none is: it shows nothing.
   * @param account whose, and on what
   * @param now milliseconds of a clock that does not go back
   */
  spend(account: string, asked: readonly Asked[], { distinct, seconds }: LookupLimit, now: number): Spent {
    const expired = now - seconds * 1000
    const spent = this.#account(account, expired)
    if (asked.some(({ values }) => values === undefined)) return { count: spent?.size ?? 0, over: true }
    const hashes = new Set<string>()
    for (const { columns, values = [] } of asked) {
      for (const value of values) {
        hashes.add(this.#hash(account, columns, value))
        // Whatever else there is, it is too much; a list may be long.
        if (hashes.size > distinct) return { count: spent?.size ?? 0, over: true }
      }
    }
    if (hashes.size === 0) return { count: spent?.size ?? 0, over: false }
    const known = spent ?? this.#open(account, expired)
    if (known === undefined) return { count: 0, over: true }
    const fresh = [...hashes].filter((hash) => !known.has(hash)).length
    if (known.size + fresh > distinct) return { count: known.size, over: true }
    for (const hash of hashes) {
      known.delete(hash)
      known.set(hash, now)
    }
    return { count: known.size, over: false }
  }

  /** How many accounts have something spent. */
  get accounts(): number { return this.#accounts.size }

  /** What it has spent that still counts. */
  #account(account: string, expired: number): Map<string, number> | undefined {
    const spent = this.#accounts.get(account)
    if (spent === undefined) return undefined
    for (const [hash, at] of spent) {
      if (at > expired) break
      spent.delete(hash)
    }
    return spent
  }

  #open(account: string, expired: number): Map<string, number> | undefined {
    if (this.#accounts.size >= maxAccounts) {
      for (const other of [...this.#accounts.keys()]) if (this.#account(other, expired)!.size === 0) this.#accounts.delete(other)
      if (this.#accounts.size >= maxAccounts) return undefined
    }
    const spent = new Map<string, number>()
    this.#accounts.set(account, spent)
    return spent
  }

  /** Each part behind its length, so that no two lists of parts read the same. */
  #hash(account: string, columns: readonly string[], value: Uint8Array): string {
    const hmac = createHmac('sha256', this.#key)
    for (const part of [account, String(columns.length), ...[...columns].sort()]) hmac.update(`${Buffer.byteLength(part)}:`).update(part)
    return hmac.update(value).digest('base64').slice(0, 22)
  }
}
