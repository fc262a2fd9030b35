// PostgreSQL: one client's connection from its first byte to its last. Start reading here.
import { randomBytes } from 'node:crypto'
import { asGatewayError, GatewayError } from '../../../shared/errors.ts'
import { loadAnalyzer } from '../../sql/postgres/index.ts'
import { loadPlPgSqlParser, type PlPgSqlParser } from '../../sql/postgres/parser.ts'
import type { Duplex } from 'node:stream'
import type { Edge, Protocol, Session } from '../protocol.ts'
import type { HeldContext, Operation } from '../../../shared/model.ts'
import { Asker } from './ask.ts'
import { CancelKeys, cancelUpstream } from './cancel.ts'
import { CatalogKeeper } from './catalog-keeper.ts'
import type { ConsultParts } from './consult.ts'
import { explainStatements, readStatements } from './consult-statement.ts'
import { heldContext } from './explain.ts'
import type { FrameReader } from './frame-reader.ts'
import { refusal } from './refusal.ts'
import { keyOf } from './guard.ts'
import { Holding } from './holding.ts'
import { lastWords, relay } from './relay.ts'
import { Shield } from './shield.ts'
import { askPassword, readOpening, startupReader, type Greeting, type Opening } from './startup.ts'
import { surveyTarget } from './survey.ts'
import { suggestForTarget } from './sample.ts'
import { logIn, majorOf, type LoginRequest, type Upstream } from './upstream.ts'
import { usage } from './usage.ts'
import { answer } from './wire/backend.ts'

/** From the first byte to the end of both logins. */
const loginTimeoutMilliseconds = 20_000

export function postgres(): Protocol {
  const keys = new CancelKeys()
  const keepers = new Map<string, CatalogKeeper>()
  let plpgsql: Promise<PlPgSqlParser> | undefined
  // Of the masks that keep equal values equal: until the gateway is started again.
  const secret = randomBytes(32)
  const parts: Parts = {
    keys,
    keeperOf(edge, database, major) {
      const key = JSON.stringify([edge.target.name, edge.target.address, database])
      let keeper = keepers.get(key)
      if (keeper === undefined) keepers.set(key, keeper = new CatalogKeeper(edgeOf(edge), database, major))
      return keeper
    },
    keyOf: (target) => keyOf(secret, target),
    plpgsql: () => plpgsql ??= loadPlPgSqlParser()
  }
  return {
    name: 'postgres',
    check() { /* any address and database will do: whether they answer is for `probe` */ },
    usage,
    serve: (client, session) => serve(client, session, parts),
    async probe(edge, signal) {
      const upstream = await logIn(edge, { database: edge.target.database, minor: 0, settings: [] }, signal)
      upstream.stream.destroy()
      await loadAnalyzer(majorOf(upstream))
      return `PostgreSQL ${upstream.statuses.get('server_version') ?? 'of unknown version'}`
    },
    explain: (edge, request, protection, signal) => explainStatements(parts, edge, request, protection, signal),
    read: readStatements,
    survey: (edge, protection, signal) => surveyTarget(parts, edge, protection, signal),
    suggest: (edge, protection, sample, signal) => suggestForTarget(parts, edge, protection, sample, signal)
  }
}

/** Without the session it may come with: a catalog outlives it. */
function edgeOf({ target, dial, secure, credential }: Edge): Edge {
  return { target, dial, secure, credential }
}

/** What connections share. */
interface Parts extends ConsultParts {
  readonly keys: CancelKeys
}

async function serve(client: Duplex, session: Session, parts: Parts): Promise<void> {
  const { keys, keeperOf, keyOf } = parts
  const reader = startupReader(client)
  // A client that lost its connection is noticed by reading; this keeps its error from ending the process.
  client.on('error', () => undefined)
  const opened = await withDeadline(client, session, async (signal) => {
    const opening = await readOpening(client, reader, session.target)
    if (opening.type === 'CancelRequest') {
      await cancel(opening, session, keys)
      return undefined
    }
    return logBothIn({ client, reader, greeting: opening, session, signal, parts })
  })
  if (opened === undefined) { await lastWords(client, undefined); return }

  const { upstream, analyzer, plpgsql, applicationName, request } = opened
  const holding = new Holding()
  const key = keys.give(session.id, session.connection, upstream, holding)
  try {
    client.write(answer.backendKeyData(key.processId, key.secretKey))
    client.write(answer.readyForQuery('I'))
    await relay({
      client,
      upstream,
      session,
      analyzer,
      applicationName,
      // Best effort: the connection is being closed anyway, and the server ends with it.
      cancel: () => void cancelUpstream(session, upstream).catch(() => undefined),
      holding,
      shield: new Shield(keeperOf(session, request.database ?? '', analyzer.major), {
        parser: analyzer.parser,
        plpgsql,
        key: keyOf(session.target.name),
        now: Date.now
      }),
      context: (operations, transaction) => contextOf(session, request, operations, transaction, upstream)
    }, reader.rest())
  } finally {
    keys.take(session.id, key)
  }
}

interface Arrival {
  readonly client: Duplex
  readonly reader: FrameReader
  readonly greeting: Greeting
  readonly session: Session
  readonly signal: AbortSignal
  readonly parts: Parts
}

async function logBothIn({ client, reader, greeting, session, signal, parts }: Arrival) {
  if (session.clientPassword !== undefined) await askPassword(client, reader, session.clientPassword)
  // Lets the audit log be compared with the server's own.
  const applicationName = { upstream: `hoop/${session.id}`, client: greeting.applicationName ?? '' }
  const request: LoginRequest = {
    database: greeting.database,
    minor: greeting.minor,
    settings: [...greeting.settings, ['application_name', applicationName.upstream]]
  }
  const upstream = await logIn(session, request, signal)
  try {
    const [analyzer, plpgsql] = await Promise.all([loadAnalyzer(majorOf(upstream)), parts.plpgsql()])
    client.cork()
    if (upstream.minor < greeting.askedMinor || greeting.options.length > 0) {
      client.write(answer.negotiateProtocolVersion(upstream.minor, greeting.options))
    }
    client.write(answer.authenticationOk())
    for (const notice of upstream.notices) client.write(notice)
    for (const [name, value] of upstream.statuses) {
      client.write(answer.parameterStatus(name, name === 'application_name' ? applicationName.client : value))
    }
    process.nextTick(() => client.uncork())
    return { upstream, analyzer, plpgsql, applicationName, request }
  } catch (error) {
    upstream.stream.destroy()
    throw error
  }
}

/** @throws ProtocolViolation for a key the session never gave out; the client, as with PostgreSQL, is told nothing */
async function cancel(request: Extract<Opening, { type: 'CancelRequest' }>, session: Session, keys: CancelKeys): Promise<void> {
  const { connection, upstream, holding } = keys.find(session.id, request)
  // At once: what waits, for people or for the disk, has not been sent, and would be once that cancel's own entry is written.
  const left = holding.cancel()
  await session.authorize([{ kind: 'cancel', connection }])
  if (left === 'server') await cancelUpstream(session, upstream)
}

/** Logs in once more, with the client's own settings, to look at what is held. */
async function contextOf(
  session: Session,
  request: LoginRequest,
  operations: readonly Operation[],
  transaction: HeldContext['transaction'],
  upstream: Upstream
): Promise<HeldContext> {
  const asker = new Asker(await logIn(session, { ...request, minor: 0 }, session.signal))
  try {
    return await heldContext(asker, operations, transaction, upstream.key?.processId)
  } finally {
    asker.close()
  }
}

/** Runs the login; whatever goes wrong is told to the client before it is thrown. */
async function withDeadline<T>(client: Duplex, session: Session, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(session.signal.reason)
  const late = () => controller.abort(new GatewayError('limit_exceeded', `the login took longer than ${loginTimeoutMilliseconds / 1000} s`))
  const gone = () => controller.abort(new GatewayError('session_ended', 'the client closed the connection'))
  const timer = setTimeout(late, loginTimeoutMilliseconds)
  session.signal.addEventListener('abort', abort, { once: true })
  client.once('close', gone)
  try {
    const aborted = new Promise<never>((_, reject) => controller.signal.addEventListener('abort', () => reject(controller.signal.reason as Error), { once: true }))
    aborted.catch(() => undefined)
    if (session.signal.aborted) abort()
    return await Promise.race([run(controller.signal), aborted])
  } catch (error) {
    const refused = asGatewayError(error)
    await lastWords(client, refusal(refused, true))
    throw refused
  } finally {
    clearTimeout(timer)
    session.signal.removeEventListener('abort', abort)
    client.off('close', gone)
  }
}
