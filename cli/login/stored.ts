// The shape a login is stored in, and the strict reading of it: anything but the exact shape is no login at all. Pure.
// Written out by hand, since a schema library would double the time every command takes to start.
import type { Principal } from '../../shared/model.ts'

export interface StoredTokens {
  readonly accessToken: string
  readonly refreshToken?: string
  /** Milliseconds since 1970, when the access token ends. */
  readonly expiresAt: number
  readonly principal: Principal
}

/** Logins by gateway. */
export type Logins = Map<string, StoredTokens>

export function parseTokens(text: string): StoredTokens | undefined {
  return tokensFrom(parse(text))
}

/** Reads `{ "version": 1, "logins": { GATEWAY: StoredTokens } }`. */
export function parseLogins(text: string): Logins | undefined {
  const value = parse(text)
  if (!isRecord(value, ['version', 'logins']) || value.version !== 1) return undefined
  const { logins } = value
  if (typeof logins !== 'object' || logins === null || Array.isArray(logins)) return undefined
  const found: Logins = new Map()
  for (const [gateway, entry] of Object.entries(logins)) {
    const tokens = tokensFrom(entry)
    if (tokens === undefined || !URL.canParse(gateway)) return undefined
    found.set(gateway, tokens)
  }
  return found
}

export function serialiseLogins(logins: Logins): string {
  return JSON.stringify({ version: 1, logins: Object.fromEntries(logins) })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function tokensFrom(value: unknown): StoredTokens | undefined {
  const ok = isRecord(value, ['accessToken', 'expiresAt', 'principal'], ['refreshToken'])
    && isToken(value.accessToken) && (value.refreshToken === undefined || isToken(value.refreshToken))
    && Number.isSafeInteger(value.expiresAt) && isPrincipal(value.principal)
  return ok ? value as unknown as StoredTokens : undefined
}

function isPrincipal(value: unknown): boolean {
  return isRecord(value, ['issuer', 'subject', 'groups', 'kind'], ['email', 'name', 'onBehalfOf'])
    && [value.issuer, value.subject].every(isText)
    && [value.email, value.name].every((text) => text === undefined || isText(text))
    && Array.isArray(value.groups) && value.groups.every(isText)
    && ['human', 'service', 'agent'].includes(value.kind as string)
    && (value.onBehalfOf === undefined || isOwner(value.onBehalfOf))
}

function isOwner(value: unknown): boolean {
  return isRecord(value, ['issuer', 'subject'], ['email']) && Object.values(value).every(isText)
}

/** Only characters a header can carry: a token is sent in one. */
function isToken(value: unknown): boolean {
  return typeof value === 'string' && /^[\x21-\x7e]{1,8192}$/.test(value)
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 4096
}

/** Has all of the required fields and none besides them and the optional ones. */
function isRecord(value: unknown, required: readonly string[], optional: readonly string[] = []): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const keys = Object.keys(value)
  return required.every((key) => keys.includes(key)) && keys.every((key) => required.includes(key) || optional.includes(key))
}
