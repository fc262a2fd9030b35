// A bounded memory of the most recently used values by text. Pure but for the state it is.

export interface Cache<Value> {
  get(key: string): Value | undefined
  /** @param bytes what keeping it costs, about; what would take more than a sixteenth of the whole is not kept */
  set(key: string, value: Value, bytes: number): void
  readonly size: number
}

export function createCache<Value>(maxEntries: number, maxBytes: number): Cache<Value> {
  /** In order of use, the longest unused first. */
  const entries = new Map<string, { readonly value: Value, readonly bytes: number }>()
  let held = 0

  return {
    get size() { return entries.size },
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, bytes) {
      remove(key)
      if (bytes > maxBytes / 16) return
      entries.set(key, { value, bytes })
      held += bytes
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && held <= maxBytes) break
        remove(oldest)
      }
    }
  }

  function remove(key: string): void {
    const entry = entries.get(key)
    if (entry === undefined) return
    held -= entry.bytes
    entries.delete(key)
  }
}
