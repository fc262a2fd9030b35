// Tells everybody who holds something open that its right to be open has ended: at once, before the revoking call returns.
import type { Revocation } from './verified.ts'

export interface Revocations {
  /** @returns stops it */
  listen(listener: (revocation: Revocation) => void): () => void
  tell(revocation: Revocation): void
}

export function createRevocations(): Revocations {
  const listeners = new Set<(revocation: Revocation) => void>()
  return {
    listen(listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    tell(revocation) {
      const failures: unknown[] = []
      for (const listener of [...listeners]) {
        // One listener's bug must not keep the others' sessions open.
        try { listener(revocation) } catch (error) { failures.push(error) }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'a listener failed to revoke')
    }
  }
}
