// Where the embedded provider keeps logins that are under way: in memory, for minutes, bounded. A restart ends them; people try again.
import type { Adapter, AdapterPayload } from 'oidc-provider'

/** Per kind; beyond it the oldest goes, so that a flood of begun logins costs no more than itself. */
const maxEntries = 1000

interface Entry { readonly payload: AdapterPayload, readonly expiresAt: number }

/**
 * @param now milliseconds since 1970
 * @param spent the error for a code or device code presented twice at the same moment
 */
export function createStore(now: () => number, spent: () => Error): (model: string) => Adapter {
  const models = new Map<string, Map<string, Entry>>()

  return (model) => {
    const entries = new Map<string, Entry>()
    models.set(model, entries)

    const live = (id: string): AdapterPayload | undefined => {
      const entry = entries.get(id)
      if (entry === undefined || entry.expiresAt > now()) return entry?.payload
      entries.delete(id)
      return undefined
    }
    const liveWhere = (matches: (payload: AdapterPayload) => boolean) => {
      for (const [id, { payload }] of entries) if (matches(payload)) return live(id)
      return undefined
    }

    return {
      upsert: async (id, payload, expiresInSeconds = 600) => {
        entries.delete(id)
        if (entries.size >= maxEntries) entries.delete(entries.keys().next().value!)
        entries.set(id, { payload, expiresAt: now() + expiresInSeconds * 1000 })
      },
      find: async (id) => live(id),
      findByUid: async (uid) => liveWhere((payload) => payload.uid === uid),
      findByUserCode: async (userCode) => liveWhere((payload) => payload.userCode === userCode),
      consume: async (id) => {
        const payload = live(id)
        // The provider looks, then consumes; between the two another request may have done the same.
        if (payload === undefined || payload.consumed !== undefined) throw spent()
        payload.consumed = Math.floor(now() / 1000)
      },
      destroy: async (id) => { entries.delete(id) },
      revokeByGrantId: async (grantId) => {
        for (const others of models.values()) {
          for (const [id, { payload }] of others) if (payload.grantId === grantId) others.delete(id)
        }
      }
    }
  }
}
