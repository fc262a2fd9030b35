// Finds the intent an outcome belongs to: mostly it has just gone by, else it is read from the log.
import type { AuditEntry } from '../../../shared/audit/entry.ts'
import type { AuditLog } from '../log.ts'
import type { Intent } from './contract.ts'

const maxKept = 1_000

export function createIntents(log: Pick<AuditLog, 'read'>) {
  /** In order of passing; the oldest give way. */
  const kept = new Map<number, Intent>()

  return {
    /** @returns undefined for what is no outcome, and where the log no longer has its intent */
    async of(entry: AuditEntry): Promise<Intent | undefined> {
      if (entry.kind === 'statement.intent') {
        kept.set(entry.index, entry)
        if (kept.size > maxKept) kept.delete(kept.keys().next().value!)
        return undefined
      }
      if (entry.kind !== 'outcome') return undefined
      const known = kept.get(entry.intent)
      kept.delete(entry.intent)
      return known ?? read(entry.intent)
    }
  }

  async function read(index: number): Promise<Intent | undefined> {
    for await (const found of log.read({ from: index, to: index + 1 })) {
      return found.kind === 'statement.intent' && found.index === index ? found : undefined
    }
    return undefined
  }
}
