// How native clients reach the local port of a PostgreSQL target, and how they are told that it cannot be used just now. Pure.
import { GatewayError, type ErrorCode } from '../../../shared/errors.ts'
import type { OfflineReason, Target, Usage } from '../../../shared/model.ts'
import { refusal } from './refusal.ts'
import { encode, gssRequest } from './wire/frontend.ts'

/** The user name is the local tools' affair only: upstream, the gateway's credential is used. */
const user = 'hoop'

const offline: Readonly<Record<OfflineReason, [ErrorCode, string, string]>> = {
  // In the message itself: many tools show no hints.
  unauthenticated: ['unauthenticated', 'your login has ended; sign in: hoop login', 'then connect again: hoop connect keeps the port'],
  gateway_unreachable: ['gateway_unreachable', 'the gateway cannot be reached just now; hoop connect keeps trying', 'connect again in a moment'],
  session_ended: ['session_ended', 'the session has ended', 'hoop connect']
}

export function usage(target: Target): Usage {
  const database = target.database ?? 'postgres'
  const errors = Object.entries(offline).map(([reason, [code, message, hint]]) =>
    [reason, refusal(new GatewayError(code, message, { hint }), true).toString('base64')])
  return {
    url: `postgresql://${user}@{host}:{port}/${encodeURIComponent(database)}?sslmode=disable`,
    command: `psql "host={host} port={port} user=${user} dbname=${quoted(database)} sslmode=disable"`,
    environment: {
      PGHOST: '{host}',
      PGPORT: '{port}',
      PGUSER: user,
      PGDATABASE: database,
      PGSSLMODE: 'disable',
      PGPASSWORD: '{password}',
      DATABASE_URL: `postgresql://${user}@{host}:{port}/${encodeURIComponent(database)}?sslmode=disable`
    },
    forms: {
      // PostgreSQL docs, libpq, The Password File: ":" and "\" within a field stand behind a "\".
      pgpass: `{host}:{port}:${database.replace(/[\\:]/g, '\\$&')}:${user}:{password}`,
      // Its values go to the end of their line as they are; the configuration admits no line break in a name.
      service: `[${target.name}]\nhost={host}\nport={port}\ndbname=${database}\nuser=${user}\nsslmode=disable`,
      jdbc: `jdbc:postgresql://{host}:{port}/${encodeURIComponent(database)}?user=${user}&sslmode=disable`
    },
    socketName: '.s.PGSQL.{port}',
    offline: {
      probes: [encode.sslRequest(), gssRequest()].map((ask) => ({ ask: ask.toString('base64'), answer: Buffer.from('N').toString('base64') })),
      errors: Object.fromEntries(errors) as Record<OfflineReason, string>
    }
  }
}

/** A value of a libpq connection string within double quotes of a shell: the configuration admits no character that needs more. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(value) ? value : `'${value.replace(/[\\'"$`]/g, '\\$&')}'`
}
