// The tables of logins and of the tokens that came of them, which live and die together. Hashes only; no token is ever here.
import type { Principal } from '../../shared/model.ts'
import type { Database } from './database.ts'
import { userOf, type User, type UserRow } from './users.ts'

export interface Login {
  readonly id: string
  /** The person who logged in, or the owner of the workload that did. */
  readonly user: User
  readonly workload?: Principal
  readonly endsAt: number
  readonly endedAt?: number
}

export interface NewLogin {
  readonly id: string
  readonly userId: string
  readonly workload?: Principal
  /** Milliseconds since 1970, as all times here. */
  readonly startedAt: number
  readonly endsAt: number
}

export interface Logins {
  insert(login: NewLogin): void
  get(id: string): Login | undefined
  /** @returns whether it was still open */
  end(id: string, at: number): boolean
  endAllOf(userId: string, at: number): void

  addAccessToken(hash: string, login: string, expiresAt: number): void
  findAccessToken(hash: string): { readonly login: Login, readonly expiresAt: number } | undefined
  addRefreshToken(hash: string, login: string): void
  findRefreshToken(hash: string): { readonly login: Login, readonly usedAt?: number } | undefined
  useRefreshToken(hash: string, at: number): void

  /** Notes that an ID token was exchanged. @returns false if it had been before */
  present(hash: string, expiresAt: number): boolean
  /** Forgets what cannot matter any more. */
  prune(now: number): void
}

interface LoginRow extends UserRow {
  readonly login_id: string
  readonly workload: string | null
  readonly ends_at: number
  readonly ended_at: number | null
}

const loginColumns = 'logins.id AS login_id, logins.workload, logins.ends_at, logins.ended_at, users.*'
// SQLite reads "a JOIN b JOIN c ON x ON y" only with the inner join in parentheses.
const joined = '(logins JOIN users ON users.id = logins.user_id)'

export function loginsIn(database: Database): Logins {
  return {
    insert({ id, userId, workload, startedAt, endsAt }) {
      database.run('INSERT INTO logins (id, user_id, workload, started_at, ends_at) VALUES (?, ?, ?, ?, ?)', id, userId, workload === undefined ? null : JSON.stringify(workload), startedAt, endsAt)
    },
    get(id) {
      const row = database.row<LoginRow>(`SELECT ${loginColumns} FROM ${joined} WHERE logins.id = ?`, id)
      return row && loginOf(row)
    },
    end: (id, at) => database.run('UPDATE logins SET ended_at = ? WHERE id = ? AND ended_at IS NULL', at, id) > 0,
    endAllOf: (userId, at) => void database.run('UPDATE logins SET ended_at = ? WHERE user_id = ? AND ended_at IS NULL', at, userId),

    addAccessToken: (hash, login, expiresAt) =>
      void database.run('INSERT INTO access_tokens (hash, login_id, expires_at) VALUES (?, ?, ?)', hash, login, expiresAt),
    findAccessToken(hash) {
      const row = database.row<LoginRow & { expires_at: number }>(
        `SELECT expires_at, ${loginColumns} FROM access_tokens JOIN ${joined} ON logins.id = access_tokens.login_id WHERE hash = ?`,
        hash
      )
      return row && { login: loginOf(row), expiresAt: row.expires_at }
    },
    addRefreshToken: (hash, login) => void database.run('INSERT INTO refresh_tokens (hash, login_id) VALUES (?, ?)', hash, login),
    findRefreshToken(hash) {
      const row = database.row<LoginRow & { used_at: number | null }>(
        `SELECT used_at, ${loginColumns} FROM refresh_tokens JOIN ${joined} ON logins.id = refresh_tokens.login_id WHERE hash = ?`,
        hash
      )
      return row && { login: loginOf(row), ...(row.used_at === null ? {} : { usedAt: row.used_at }) }
    },
    useRefreshToken: (hash, at) => void database.run('UPDATE refresh_tokens SET used_at = ? WHERE hash = ?', at, hash),

    present: (hash, expiresAt) =>
      database.run('INSERT INTO presented_tokens (hash, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING', hash, expiresAt) > 0,
    prune(now) {
      database.transaction(() => {
        database.run('DELETE FROM presented_tokens WHERE expires_at < ?', now)
        database.run('DELETE FROM access_tokens WHERE expires_at < ?', now)
        database.run('DELETE FROM logins WHERE ends_at < ?', now)
      })
    }
  }
}

function loginOf(row: LoginRow): Login {
  return {
    id: row.login_id,
    user: userOf(row),
    ...(row.workload === null ? {} : { workload: JSON.parse(row.workload) as Principal }),
    endsAt: row.ends_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at })
  }
}
