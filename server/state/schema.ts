// The tables, as the steps that made them. A step that has been released is never changed; a change is a new step.
// Times are milliseconds since 1970. Secrets are stored as SHA-256 in hex only; lists and principals as JSON.

export const migrations: readonly string[] = [`
CREATE TABLE users (
  id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT,
  name TEXT,
  groups TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_login_at INTEGER NOT NULL,
  disabled_at INTEGER,
  UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;

-- One login of a person or a workload, with all tokens that came of it. user_id: the person, or the workload's owner.
CREATE TABLE logins (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  workload TEXT,
  started_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_by_user ON logins (user_id);
CREATE INDEX logins_by_end ON logins (ends_at);

CREATE TABLE access_tokens (
  hash TEXT PRIMARY KEY,
  login_id TEXT NOT NULL REFERENCES logins ON DELETE CASCADE,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_tokens_by_login ON access_tokens (login_id);
CREATE INDEX access_tokens_by_expiry ON access_tokens (expires_at);

-- Used ones stay as long as their login: presenting one again is how a theft shows.
CREATE TABLE refresh_tokens (
  hash TEXT PRIMARY KEY,
  login_id TEXT NOT NULL REFERENCES logins ON DELETE CASCADE,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_login ON refresh_tokens (login_id);

-- ID tokens that have been exchanged, until they would not be accepted any more anyway.
CREATE TABLE presented_tokens (
  hash TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX presented_tokens_by_expiry ON presented_tokens (expires_at);

CREATE TABLE service_tokens (
  id TEXT PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  owner_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('service', 'agent')),
  targets TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX service_tokens_by_owner ON service_tokens (owner_id);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  email TEXT COLLATE NOCASE,
  kind TEXT NOT NULL CHECK (kind IN ('human', 'service', 'agent')),
  target TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  end_reason TEXT,
  connections INTEGER NOT NULL DEFAULT 0,
  statements INTEGER NOT NULL DEFAULT 0,
  denied INTEGER NOT NULL DEFAULT 0,
  first_entry INTEGER NOT NULL,
  last_entry INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_target ON sessions (target, id);
CREATE INDEX sessions_by_subject ON sessions (subject, id);
CREATE INDEX sessions_by_email ON sessions (email, id);
CREATE INDEX sessions_by_start ON sessions (started_at, id);
CREATE INDEX sessions_open ON sessions (id) WHERE ended_at IS NULL;
`, `
-- asked: the groups whose members may decide, as JSON. record: the whole of it, as JSON; the columns beside it are for finding it.
CREATE TABLE reviews (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  target TEXT NOT NULL,
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  behind_issuer TEXT,
  behind_subject TEXT,
  asked TEXT NOT NULL,
  window_ends_at INTEGER,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_pending ON reviews (id) WHERE state = 'pending';
CREATE INDEX reviews_by_window ON reviews (window_ends_at) WHERE state = 'approved';
CREATE INDEX reviews_by_target ON reviews (target, id);
`]
