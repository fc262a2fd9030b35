// Statements over one tunnel to a PostgreSQL target: what comes back, value by value as the server wrote it, in the order it came.
// Knows the messages' names, by node-postgres' own connection; nothing of tables, reviews or the terminal.
import type { Duplex } from 'node:stream'
import { GatewayError } from '../../shared/errors.ts'

export interface Field {
  readonly name: string
  /** Of the type, in pg_type. */
  readonly oid: number
}

export interface Results {
  /** A result with rows begins. */
  fields(fields: readonly Field[]): void
  /** Text as the server wrote it; null is SQL NULL. */
  row(values: readonly (string | null)[]): void
  /** One statement is done, e.g. "UPDATE 3". */
  done(tag: string): void
  /** COPY ... TO STDOUT, in text form. */
  copied(bytes: Uint8Array): void
  notice(notice: ServerNotice): void
}

export interface ServerNotice {
  readonly severity: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
}

/** The server's own error: its SQLSTATE says what kind, `position` where in the text, in characters from 1 on. */
export class ServerError extends GatewayError {
  constructor(
    readonly sqlState: string,
    message: string,
    readonly detail: string | undefined,
    hint: string | undefined,
    readonly position: number | undefined
  ) {
    super('denied', message, hint === undefined ? {} : { hint })
  }
}

export interface QueryConnection {
  /** Resolves when the server is ready for more. @throws ServerError; GatewayError session_ended when the connection is lost */
  run(text: string, results: Results): Promise<void>
  /** Stops reading until resumed: what comes next waits at the server. */
  pause(): void
  resume(): void
  close(): void
}

/** What node-postgres' Connection emits; its types leave most of this out. */
interface Messages {
  readonly authenticationOk: []
  readonly authenticationCleartextPassword: []
  readonly readyForQuery: []
  readonly rowDescription: [{ readonly fields: readonly { readonly name: string, readonly dataTypeID: number }[] }]
  readonly dataRow: [{ readonly fields: readonly (string | null)[] }]
  readonly commandComplete: [{ readonly text: string }]
  readonly copyInResponse: []
  readonly copyOutResponse: [{ readonly binary: boolean }]
  readonly copyData: [{ readonly chunk: Uint8Array }]
  readonly notice: [Partial<ServerNotice>]
  readonly errorMessage: [Partial<Pick<ServerNotice, 'message' | 'detail' | 'hint'>> & { readonly code?: string, readonly position?: string }]
  readonly error: [Error]
  readonly end: []
}
interface Wire {
  on<K extends keyof Messages>(name: K, listener: (...message: Messages[K]) => void): void
  connect(port: number, host: string): void
  startup(settings: Readonly<Record<string, string>>): void
  query(text: string): void
  sendCopyFail(reason: string): void
  end(): void
}

const lost = () => new GatewayError('session_ended', 'the connection to the target was lost before the statement ended')

/** Resolves once the target has taken the connection. @throws GatewayError as `run` */
export async function openQuery(tunnel: Duplex, who: { readonly user: string, readonly database: string }): Promise<QueryConnection> {
  const { default: pg } = await import('pg')
  const wire = new pg.Connection({ stream: asSocket(tunnel) } as never) as unknown as Wire
  let results: Results | undefined
  let failure: GatewayError | undefined
  let over = false
  let settle: { readonly resolve: () => void, readonly reject: (error: Error) => void } | undefined
  const ready = () => new Promise<void>((resolve, reject) => { settle = { resolve, reject } })
  const finish = () => {
    const settled = settle
    settle = undefined
    if (failure === undefined) settled?.resolve()
    else settled?.reject(failure)
  }

  wire.on('readyForQuery', finish)
  wire.on('rowDescription', ({ fields }) => results?.fields(fields.map(({ name, dataTypeID }) => ({ name, oid: dataTypeID }))))
  wire.on('dataRow', ({ fields }) => results?.row(fields))
  wire.on('commandComplete', ({ text }) => results?.done(text))
  wire.on('copyData', ({ chunk }) => results?.copied(chunk))
  wire.on('copyInResponse', () => wire.sendCopyFail('hoop query has nothing to copy from'))
  wire.on('copyOutResponse', ({ binary }) => {
    if (!binary) return
    failure ??= new GatewayError('usage', 'COPY in binary form cannot be shown', { hint: 'leave out FORMAT binary, or use hoop connect with psql' })
    wire.end()
  })
  wire.on('notice', ({ severity = 'NOTICE', message = '', detail, hint }) =>
    results?.notice({ severity, message, ...(detail === undefined ? {} : { detail }), ...(hint === undefined ? {} : { hint }) }))
  wire.on('errorMessage', ({ code = '', message = '', detail, hint, position }) => {
    failure ??= new ServerError(code, message, detail, hint, position === undefined ? undefined : Number(position))
  })
  wire.on('authenticationCleartextPassword', () => {
    failure ??= new GatewayError('protocol_violation', 'the gateway asked for a password where none is due')
    wire.end()
  })
  wire.on('error', (cause) => { failure ??= new GatewayError('session_ended', lost().message, { cause }) })
  wire.on('end', () => {
    over = true
    failure ??= lost()
    finish()
  })

  const started = ready()
  wire.connect(0, '')
  // It asks for UTF-8 by itself.
  wire.startup({ ...who, application_name: 'hoop query' })
  await started
  return {
    async run(text, into) {
      if (over) throw failure ?? lost()
      failure = undefined
      results = into
      const answered = ready()
      wire.query(text)
      await answered
    },
    pause: () => { tunnel.pause() },
    resume: () => { tunnel.resume() },
    close: () => { tunnel.destroy() }
  }
}

/** The tunnel is open already; node-postgres would like to open it. */
function asSocket(tunnel: Duplex): Duplex {
  const nothing = () => tunnel
  return Object.assign(tunnel, { connect: nothing, setNoDelay: nothing, setKeepAlive: nothing, ref: nothing, unref: nothing })
}
