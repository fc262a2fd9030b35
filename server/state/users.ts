// The table of people: everybody who has logged in, as their latest login described them.
import type { Principal } from '../../shared/model.ts'
import type { Database } from './database.ts'

export interface User {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly email?: string
  readonly name?: string
  readonly groups: readonly string[]
  /** Milliseconds since 1970. */
  readonly lastLoginAt: number
  readonly disabledAt?: number
}

export interface Users {
  /** Adds the person, or brings them up to date; `id` is used for a new one only. */
  loggedIn(id: string, principal: Principal, at: number): User
  get(id: string): User | undefined
  find(issuer: string, subject: string): User | undefined
  /** In order of issuer and subject. */
  list(): User[]
  setDisabled(id: string, at: number | undefined): void
}

export interface UserRow {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  readonly name: string | null
  readonly groups: string
  readonly last_login_at: number
  readonly disabled_at: number | null
}

export function usersIn(database: Database): Users {
  const find = (issuer: string, subject: string) => {
    const row = database.row<UserRow>('SELECT * FROM users WHERE issuer = ? AND subject = ?', issuer, subject)
    return row && userOf(row)
  }
  return {
    loggedIn(id, { issuer, subject, email, name, groups }, at) {
      database.run(
        `INSERT INTO users (id, issuer, subject, email, name, groups, created_at, last_login_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (issuer, subject) DO UPDATE SET email = excluded.email, name = excluded.name, groups = excluded.groups,
           last_login_at = excluded.last_login_at`,
        id,
        issuer,
        subject,
        email ?? null,
        name ?? null,
        JSON.stringify(groups),
        at,
        at
      )
      return find(issuer, subject)!
    },
    get(id) {
      const row = database.row<UserRow>('SELECT * FROM users WHERE id = ?', id)
      return row && userOf(row)
    },
    find,
    list: () => database.rows<UserRow>('SELECT * FROM users ORDER BY issuer, subject').map(userOf),
    setDisabled: (id, at) => void database.run('UPDATE users SET disabled_at = ? WHERE id = ?', at ?? null, id)
  }
}

export function userOf(row: UserRow): User {
  return {
    id: row.id,
    issuer: row.issuer,
    subject: row.subject,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.name === null ? {} : { name: row.name }),
    groups: JSON.parse(row.groups) as string[],
    lastLoginAt: row.last_login_at,
    ...(row.disabled_at === null ? {} : { disabledAt: row.disabled_at })
  }
}
