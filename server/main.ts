// `hoop gateway ...`: the composition root. Builds each part in dependency order, then listens; the only file that knows all of them.
// Long because each part is built here and nowhere else.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { watchFile, unwatchFile } from 'node:fs'
import { asGatewayError, type GatewayError } from '../shared/errors.ts'
import type { Target } from '../shared/model.ts'
import { holdingStatements, openExports } from './audit/export/exports.ts'
import { nodeDisk } from './audit/disk.ts'
import { openAuditLog } from './audit/log.ts'
import { readRecipients } from './audit/recipients.ts'
import { openRedactions } from './audit/redactions.ts'
import { createRetention } from './audit/retention.ts'
import { createSealing } from './audit/seal.ts'
import { SessionKeys } from './audit/session-keys.ts'
import { openWitnesses } from './audit/witnesses.ts'
import { readCases, testCases } from './commands/cases.ts'
import { probeTargets } from './commands/check.ts'
import { suggestFor, surveyTargets } from './commands/survey.ts'
import { writeStarter } from './commands/init.ts'
import { ConfigError, loadConfig, type Config } from './config.ts'
import { sinksFrom } from './exports.ts'
import { startHttp } from './http/listener.ts'
import { createEmbeddedProvider } from './identity/embedded/provider.ts'
import { openIdentity, type IdentitySettings } from './identity/identity.ts'
import { createLog, type Log } from './log.ts'
import { protectionFor, type Protection } from './policy/protect.ts'
import { policyChange } from './policy/told.ts'
import { createReplay, type Replay } from './policy/replay.ts'
import { protocols } from './protocols/index.ts'
import { createNotifier } from './review/notify.ts'
import { createReviews } from './review/reviews.ts'
import { checkRecordingKey, expireRecordings, recordingsOf } from './recordings.ts'
import { isSecretReference } from './secrets.ts'
import { createRegistry } from './session/registry.ts'
import { openState } from './state/state.ts'
import { createCatalog } from './targets/catalog.ts'
import { version } from '../shared/version.ts'

/** What is said once, at the start, and never kept in the configuration. */
export interface OnceOptions {
  readonly acceptLoss: boolean
  readonly rotateKey: boolean
}

/** Where the command line shows what a gateway command says. */
export interface GatewayIo {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  /** While something takes long, where that can be seen. */
  readonly progress: (text: string) => { done(): void }
}

/** `hoop gateway init`. */
export function init(file: string, io: GatewayIo): Promise<number> {
  return told(io, async () => {
    await writeStarter(file)
    io.out(`wrote ${file}; put your database under targets, then: hoop gateway check --config ${file}`)
    return 0
  })
}

/** `hoop gateway check`. @returns 1 where the configuration is wrong or a target does not answer, which is told */
export function check(file: string, json: boolean, io: GatewayIo): Promise<number> {
  return told(io, () => checked(file, json, io))
}

/** `hoop gateway start`: until SIGTERM or SIGINT. */
export function start(file: string, once: OnceOptions, io: GatewayIo): Promise<number> {
  return told(io, () => served(file, once, io))
}

/** `hoop policy check`. @throws GatewayError config_invalid, target_unknown; what is wrong with one target is a finding */
export async function survey(file: string, target: string | undefined): ReturnType<typeof surveyTargets> {
  const config = await loadConfig(file)
  return surveyTargets(createCatalog(config.targets, protocols(), config.secrets), target, protectionsOf(config))
}

/** `hoop policy suggest`. @param rows to look at in each table. @throws GatewayError */
export async function suggest(file: string, target: string, rows: number): ReturnType<typeof suggestFor> {
  const config = await loadConfig(file)
  return suggestFor(createCatalog(config.targets, protocols(), config.secrets), target, rows, protectionsOf(config))
}

/** `hoop policy test`. @param connect whether targets may be asked for their catalogs. @throws GatewayError */
export async function testPolicy(file: string, casesFile: string, connect: boolean): ReturnType<typeof testCases> {
  // Secrets are wanted only where something is to be logged in to.
  const config = await loadConfig(file, { reload: !connect })
  const catalog = createCatalog(config.targets, protocols(), config.secrets)
  return testCases(await readCases(casesFile), { catalog, policy: config.policy, connect, now: Date.now() })
}

/** `hoop policy diff`. @throws GatewayError */
export async function replayPolicies(before: string, after: string): Promise<Replay> {
  const [was, is] = await Promise.all([before, after].map(async (file) => {
    const config = await loadConfig(file, { reload: true })
    const { entries } = createCatalog(config.targets, protocols(), config.secrets)
    return { policy: config.policy, target: (name: string) => entries.find(({ target }) => target.name === name)?.target }
  }))
  return createReplay(was!, is!)
}

/** As for somebody whom no exemption is for. */
function protectionsOf({ policy: { protection } }: Config): (target: Target) => Protection | undefined {
  return (target) => protectionFor(protection, { issuer: '', subject: '', groups: [], kind: 'service' }, target, { now: Date.now() })
}

/** Every problem of a configuration is told, not only the first. @returns the exit code: what `work` returned, or 1 */
async function told(io: GatewayIo, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ConfigError) {
      for (const { path, message } of error.problems) io.err(`hoop: error: ${path === '' ? error.file : path}: ${message}`)
    } else {
      io.err(`hoop: error: ${asGatewayError(error).code === 'internal' ? (error as Error).stack : (error as Error).message}`)
    }
    const { hint } = asGatewayError(error)
    if (hint !== undefined) io.err(`hoop: hint: ${hint}`)
    return 1
  }
}

async function checked(file: string, json: boolean, io: GatewayIo): Promise<number> {
  const config = await loadConfig(file)
  await readOnce(config)
  const catalog = createCatalog(config.targets, protocols(), config.secrets)
  await checkRecordingKey(config)
  const asking = io.progress('asking the targets')
  const findings = await probeTargets(catalog).finally(() => asking.done())
  if (json) {
    io.out(JSON.stringify(findings))
  } else {
    io.out(`${file}: targets: ${catalog.entries.length}, rules: ${config.policy.rules.length}; nothing wrong with the file itself`)
    for (const finding of findings) {
      io.out(finding.ok ? `${finding.target}: answers and accepts the credential (${finding.version})` : `${finding.target}: ${finding.message}`)
      if (!finding.ok && finding.hint !== undefined) io.err(`hoop: hint: ${finding.hint}`)
    }
  }
  return findings.every((finding) => finding.ok) ? 0 : 1
}

async function served(file: string, options: OnceOptions, io: GatewayIo): Promise<number> {
  // Node would open its inspector to every local user on this signal.
  process.on('SIGUSR1', () => undefined)
  const config = await loadConfig(file)
  const log = createLog(config.log)
  const now = Date.now
  const elapsed = () => performance.now()

  let policy = config.policy
  const { recipients, users, tls, ...once } = await readOnce(config)
  const catalog = createCatalog(config.targets, protocols(), config.secrets)
  const state = await openState({
    path: config.stateFile,
    onFailure: ({ message, hint }) => log.error({ hint }, `${message}; nobody logs in and no session begins until the gateway is restarted`)
  })
  state.sessions.endOrphans(now(), 'the gateway was stopped without an orderly end')
  let sessions: () => number = () => 0
  const directory = config.auditDirectory
  const origin = config.audit.origin ?? hostname()
  const opening = io.progress('starting: opening the audit log')
  const auditLog = await openAuditLog({
    directory,
    origin,
    now,
    heartbeat: () => ({ sessions: sessions() }),
    ...options
  }).finally(() => opening.done())
  if (options.rotateKey) io.err(`hoop: the audit log is signed by a new key; give this line to auditors and witnesses: ${auditLog.verifierKey}`)
  auditLog.signal.addEventListener('abort', () => {
    const { message, hint } = auditLog.signal.reason as GatewayError
    log.error({ hint }, `${message}; no statement runs until the gateway is restarted`)
  }, { once: true })
  const exports = await openExports({
    directory,
    origin,
    audit: auditLog,
    sinks: sinksFrom(config, { origin, version, now }),
    operator: log,
    now,
    random: Math.random
  })
  // All that lets statements run is given this one, which a strict sink can stop.
  const audit = holdingStatements(auditLog, exports)
  const sessionKeys = new SessionKeys(directory, nodeDisk)
  const recordings = await recordingsOf(config)
  const redactions = await openRedactions({
    directory,
    audit: auditLog,
    keys: sessionKeys,
    ...(recordings === undefined ? {} : { recordings }),
    disk: nodeDisk
  })
  if (recipients.length === 0) log.warn({}, 'audit.sealTo names nobody: exact statements and parameters are not kept, only their hashes')
  audit.note(policyChange(policy))
  const witnesses = await openWitnesses({
    witnesses: once.witnesses,
    directory,
    audit,
    note: (facts) => audit.note(facts),
    log,
    random: Math.random
  })

  const { host, port } = await addressOf(config)
  const url = (config.listen.publicUrl ?? `${config.listen.tls === undefined ? 'http' : 'https'}://${bracketed(host)}:${port}`).replace(/\/$/, '')
  const embedded = 'embedded' in config.identity
    ? await createEmbeddedProvider({
        issuer: `${url}/idp`,
        clientId: config.identity.clientId,
        users,
        now,
        onError: (error) => log.error({ error }, 'the embedded identity provider failed to answer a request')
      })
    : undefined
  const settings = identitySettings(config, url, once.ca)
  const identity = await openIdentity({
    settings,
    state,
    note: (facts) => audit.note(facts),
    now,
    randomBytes,
    ...(embedded === undefined ? {} : { issuerKeys: embedded.keys })
  })
  const notifier = createNotifier({
    ...notifications(config),
    gateway: url,
    note: (facts) => audit.note(facts),
    log,
    now,
    random: Math.random
  })
  const { pending, pendingPerPrincipal, heldMebibytes } = config.reviews.limits
  const reviews = createReviews({
    state,
    audit,
    identity,
    now,
    randomBytes,
    notify: notifier.notify,
    limits: { pending, pendingPerPrincipal, heldBytes: heldMebibytes * 2 ** 20 },
    onBug: (error, facts) => log.error({ ...facts, error: error.cause }, 'reviews: an error of the gateway\'s own')
  })
  const registry = createRegistry({
    audit,
    ...(recordings === undefined ? {} : { recordings }),
    onUnrecorded: (error, facts) => log.error({ ...facts, problem: error.message }, 'a session goes on unrecorded, as its target allows'),
    state,
    catalog,
    identity,
    reviews,
    now,
    elapsed,
    ...(recipients.length === 0 ? {} : { sealing: createSealing({ origin, recipients, keys: sessionKeys, elapsed }) }),
    limits: config.limits,
    policy: () => policy,
    onBug: (error, facts) => log.error({ ...facts, error: error.cause }, 'a connection ended by an error of the gateway\'s own')
  })
  sessions = () => registry.size
  const stopExpiry = expireRecordings({ recordings, isOpen: registry.isOpen, note: (facts) => audit.note(facts), now, log })

  const listener = await startHttp({
    address: { host, port },
    ...(tls === undefined ? {} : { tls }),
    identity,
    sessions: registry,
    reviews,
    catalog,
    log,
    now,
    version,
    audit,
    exports,
    durably: state.durably,
    sessionKeys,
    redactions,
    witnesses,
    retention: createRetention({
      audit,
      note: (facts) => audit.note(facts),
      days: config.audit.retention,
      unsent: exports.unsent,
      now,
      randomBytes,
      standing: ({ issuer, subject }) => {
        const person = identity.person(issuer, subject)
        return person !== undefined && person.admin && !person.disabled
      }
    }),
    replaysOwn: config.recording?.own ?? true,
    discovery: {
      product: 'hoop',
      version,
      issuer: settings.issuer,
      clientId: settings.clientId,
      scopes: ['openid', 'email', 'profile', 'groups'],
      deviceFlow: 'embedded' in config.identity || config.identity.deviceFlow
    },
    ...(embedded === undefined ? {} : { embedded: { prefix: '/idp', handler: embedded } })
  })
  audit.note({ kind: 'admin', action: 'gateway.start', detail: version })
  log.info({ url, targets: catalog.entries.length, policy: policy.version.slice(0, 16) }, 'listening')
  io.out(`hoop gateway ${version} listening on ${url}`)

  const reload = () => void reloadPolicy(file, log).then((next) => {
    if (next === undefined || next.version === policy.version) return
    audit.note(policyChange(next, policy.version))
    log.info({ policy: next.version.slice(0, 16), previous: policy.version.slice(0, 16) }, 'policy reloaded')
    policy = next
  })
  process.on('SIGHUP', reload)
  watchFile(file, { interval: 1000, persistent: false }, reload)

  await untilTold(log)
  unwatchFile(file)
  stopExpiry()
  // Sessions first, while their sockets still carry the protocols' own word for why.
  await registry.close()
  reviews.close()
  notifier.close()
  await listener.close()
  // Durable before the sinks are asked to send the last of it; a log that failed has told why.
  await audit.append([{ kind: 'admin', action: 'gateway.stop' }]).catch(() => undefined)
  await exports.close()
  await audit.close()
  await witnesses.close()
  state.close()
  return 0
}

/** All that is read once, before anything is opened: what cannot be read is told by `hoop gateway check` too. */
async function readOnce(config: Config) {
  const { identity, listen: { tls }, secrets } = config
  return {
    recipients: await recipientsOf(config),
    witnesses: await witnessesOf(config),
    users: await embeddedUsers(config),
    ca: 'ca' in identity && identity.ca !== undefined ? await secrets.read(identity.ca) : undefined,
    tls: tls === undefined ? undefined : { cert: await secrets.read(tls.cert), key: await secrets.read(tls.key) }
  }
}

function recipientsOf({ audit, secrets }: Config) {
  return readRecipients(audit.sealTo.map(({ name, key }) => ({
    name,
    key: () => isSecretReference(key) ? secrets.read(key) : Promise.resolve(key)
  })))
}

function witnessesOf({ audit, secrets }: Config) {
  return Promise.all(audit.witnesses.map(async ({ name, url, key, ca }) => ({
    name,
    url,
    key: isSecretReference(key) ? await secrets.read(key) : key,
    ...(ca === undefined ? {} : { ca: await secrets.read(ca) })
  })))
}

/** Secrets are read for each message, as everywhere. */
function notifications({ reviews: { webhooks, command }, secrets }: Config) {
  return {
    webhooks: webhooks.map(({ name, url, secret, format }) => ({
      name,
      format,
      url: () => isSecretReference(url) ? secrets.read(url) : Promise.resolve(url),
      ...(secret === undefined ? {} : { secret: () => secrets.read(secret) })
    })),
    ...(command === undefined ? {} : { command })
  }
}

/** The first SIGTERM or SIGINT ends the gateway in order; a second one at once. */
function untilTold(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let told = false
    const end = (signal: NodeJS.Signals) => {
      if (told) process.exit(1)
      told = true
      log.info({ signal }, 'stopping')
      resolve()
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
}

async function reloadPolicy(file: string, log: Log): Promise<Config['policy'] | undefined> {
  try {
    return (await loadConfig(file, { reload: true })).policy
  } catch (error) {
    log.error({ problem: (error as Error).message }, 'the changed configuration is wrong; the policy in force stays')
    return undefined
  }
}

/** Port 0 becomes a free port now, since the embedded provider's issuer must name it before anything listens. */
async function addressOf(config: Config): Promise<{ host: string, port: number }> {
  const [, host, port] = /^(.*):(\d+)$/.exec(config.listen.address)!
  const plain = host!.replace(/^\[|\]$/g, '')
  if (Number(port) !== 0) return { host: plain, port: Number(port) }
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject).listen(0, plain, () => {
      const address = probe.address()
      probe.close(() => resolve({ host: plain, port: typeof address === 'object' && address !== null ? address.port : 0 }))
    })
  })
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

async function embeddedUsers(config: Config) {
  if (!('embedded' in config.identity)) return []
  const { users } = config.identity.embedded
  return Promise.all(users.map(async ({ password, ...user }) => ({ ...user, password: await config.secrets.read(password) })))
}

function identitySettings(config: Config, url: string, ca: string | undefined): IdentitySettings {
  const { identity } = config
  const issuer = 'issuer' in identity ? identity.issuer : `${url}/idp`
  return {
    issuer,
    clientId: identity.clientId,
    groupsClaim: identity.groupsClaim,
    adminGroup: identity.adminGroup,
    auditorGroup: identity.auditorGroup,
    loginHours: identity.loginHours,
    accessMinutes: 10,
    workloads: identity.workloads,
    ...(ca === undefined ? {} : { ca })
  }
}
