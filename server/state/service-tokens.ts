// The table of service tokens: who owns one, what it may open, until when. Hashes only.
import type { Database } from './database.ts'
import { userOf, type User, type UserRow } from './users.ts'

export interface ServiceToken {
  readonly id: string
  readonly owner: User
  readonly name: string
  readonly kind: 'service' | 'agent'
  readonly targets: readonly string[]
  /** Milliseconds since 1970, as all times here. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt?: number
  readonly revokedAt?: number
}

export interface NewServiceToken extends Pick<ServiceToken, 'id' | 'name' | 'kind' | 'targets' | 'createdAt' | 'expiresAt'> {
  readonly hash: string
  readonly ownerId: string
}

export interface ServiceTokens {
  insert(token: NewServiceToken): void
  get(id: string): ServiceToken | undefined
  findByHash(hash: string): ServiceToken | undefined
  /** Newest first; of everybody without an owner's id. */
  list(ownerId?: string): ServiceToken[]
  /** How many of an owner's could still be used. */
  countLive(ownerId: string, now: number): number
  /** @returns whether it had not been revoked before */
  revoke(id: string, at: number): boolean
  revokeAllOf(ownerId: string, at: number): void
  used(id: string, at: number): void
}

interface TokenRow extends UserRow {
  readonly token_id: string
  readonly token_name: string
  readonly kind: 'service' | 'agent'
  readonly targets: string
  readonly created: number
  readonly expires_at: number
  readonly last_used_at: number | null
  readonly revoked_at: number | null
}

const select = `SELECT tokens.id AS token_id, tokens.name AS token_name, tokens.kind, tokens.targets, tokens.created_at AS created, tokens.expires_at,
  tokens.last_used_at, tokens.revoked_at, users.* FROM service_tokens AS tokens JOIN users ON users.id = tokens.owner_id`

export function serviceTokensIn(database: Database): ServiceTokens {
  return {
    insert({ id, hash, ownerId, name, kind, targets, createdAt, expiresAt }) {
      database.run(
        'INSERT INTO service_tokens (id, hash, owner_id, name, kind, targets, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        id,
        hash,
        ownerId,
        name,
        kind,
        JSON.stringify(targets),
        createdAt,
        expiresAt
      )
    },
    get(id) {
      const row = database.row<TokenRow>(`${select} WHERE tokens.id = ?`, id)
      return row && tokenOf(row)
    },
    findByHash(hash) {
      const row = database.row<TokenRow>(`${select} WHERE tokens.hash = ?`, hash)
      return row && tokenOf(row)
    },
    list(ownerId) {
      const rows = ownerId === undefined
        ? database.rows<TokenRow>(`${select} ORDER BY tokens.id DESC`)
        : database.rows<TokenRow>(`${select} WHERE tokens.owner_id = ? ORDER BY tokens.id DESC`, ownerId)
      return rows.map(tokenOf)
    },
    countLive: (ownerId, now) => database.row<{ n: number }>(
      'SELECT count(*) AS n FROM service_tokens WHERE owner_id = ? AND revoked_at IS NULL AND expires_at > ?',
      ownerId,
      now
    )!.n,
    revoke: (id, at) => database.run('UPDATE service_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL', at, id) > 0,
    revokeAllOf: (ownerId, at) =>
      void database.run('UPDATE service_tokens SET revoked_at = ? WHERE owner_id = ? AND revoked_at IS NULL', at, ownerId),
    used: (id, at) => void database.run('UPDATE service_tokens SET last_used_at = ? WHERE id = ?', at, id)
  }
}

function tokenOf(row: TokenRow): ServiceToken {
  return {
    id: row.token_id,
    owner: userOf(row),
    name: row.token_name,
    kind: row.kind,
    targets: JSON.parse(row.targets) as string[],
    createdAt: row.created,
    expiresAt: row.expires_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at })
  }
}
