// Where logins rest between two runs: the system's keychain, or a private file where there is none. One entry per gateway.
import { openKeychain, type Keychain } from './keychain.ts'
import { parseTokens, type StoredTokens } from './stored.ts'
import { openTokenFile } from './token-file.ts'

export type { StoredTokens } from './stored.ts'

export interface TokenStore {
  /** Known for sure once something was loaded or saved: a keychain is asked only then. */
  readonly where: 'keychain' | 'file'
  /** @throws GatewayError config_invalid or unauthenticated when a token file is there but cannot be trusted */
  load(gatewayUrl: string): Promise<StoredTokens | undefined>
  /** @throws GatewayError config_invalid when it can be kept nowhere */
  save(gatewayUrl: string, tokens: StoredTokens): Promise<void>
  remove(gatewayUrl: string): Promise<void>
}

export interface TokenStoreOptions {
  /** The command line's own folder; made when something is saved. */
  readonly directory: string
  readonly keychain: 'auto' | 'off'
  readonly say: (line: string) => void
  /** How long the keychain may take for one answer, a person unlocking it included. */
  readonly patienceMilliseconds?: number
}

export async function openTokenStore(options: TokenStoreOptions): Promise<TokenStore> {
  const { directory, say, patienceMilliseconds = 30_000 } = options
  const file = openTokenFile(directory, say)
  let keychain: Promise<Keychain | undefined> | undefined
  let where: TokenStore['where'] = options.keychain === 'off' ? 'file' : 'keychain'

  /** @returns undefined where there is no keychain. One that failed is not asked again: an answer may take its whole patience. */
  const withKeychain = async <T>(ask: (keychain: Keychain) => Promise<T>): Promise<{ readonly answer: T } | undefined> => {
    if (where === 'file') return undefined
    keychain ??= openKeychain({ say, patienceMilliseconds })
    try {
      const open = await keychain
      if (open !== undefined) return { answer: await ask(open) }
    } catch {
      // Locked, dismissed, full or gone: the file is what remains.
    }
    where = 'file'
    return undefined
  }

  return {
    get where() { return where },

    async load(gatewayUrl) {
      const name = nameOf(gatewayUrl)
      const text = (await withKeychain((keychain) => keychain.get(name)))?.answer
      const [kept, filed] = [text === undefined ? undefined : parseTokens(text), await file.load(name)]
      // Both, when the keychain failed once in between. The older one's refresh token is spent, and showing it would end the login.
      return kept === undefined || (filed !== undefined && filed.expiresAt > kept.expiresAt) ? filed : kept
    },

    async save(gatewayUrl, tokens) {
      const name = nameOf(gatewayUrl)
      // What a time without keychain left behind goes: there is one place to look and one to end.
      if (await withKeychain((keychain) => keychain.set(name, JSON.stringify(tokens))) !== undefined) return file.remove(name)
      const known = await file.exists()
      await file.save(name, tokens)
      if (!known) say(`no system keychain can be used here: the login is kept in ${file.path}, readable by you only`)
    },

    async remove(gatewayUrl) {
      const name = nameOf(gatewayUrl)
      await withKeychain((keychain) => keychain.delete(name))
      await file.remove(name)
    }
  }
}

/** Two spellings of one gateway share a login. */
function nameOf(gatewayUrl: string): string {
  const url = new URL(gatewayUrl)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
