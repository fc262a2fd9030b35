// The configuration: one YAML file, one schema, every field with its unit and default. The only reader of the file.
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { GatewayError } from '../shared/errors.ts'
import { exportSchema, sinkProblems, sinksOf } from './config-export.ts'
import { recordingIn, recordingModes, recordingProblems, recordingSchema } from './config-recording.ts'
import { hostAndPort, name, receiverUrl, secret, type ConfigProblem } from './config-fields.ts'
import { maskingSchema, protectSchema } from './policy/protect.ts'
import { parsePolicy, policySchema, type Policy } from './policy/rules.ts'
import { createSecrets, secretPattern, type Secrets } from './secrets.ts'

const maxConfigBytes = 1024 * 1024

const label = z.record(z.string().max(63), z.string().max(255))
const upstreamAddress = z.string().regex(/^(\/.+|(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5})$/, 'HOST:PORT, or the absolute path of a Unix socket')

const listenSchema = z.strictObject({
  address: hostAndPort,
  /** The URL people and tools reach the gateway by, where it differs from the address. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
  tls: z.strictObject({ cert: secret, key: secret }).optional()
})

const userSchema = z.strictObject({
  username: z.string().min(1).max(255),
  password: secret,
  email: z.email(),
  name: z.string().max(255).optional(),
  groups: z.array(z.string().min(1).max(255)).default([])
})

const workloadSchema = z.strictObject({
  name,
  issuer: z.url(),
  audience: z.string().min(1),
  /** Every one must be present in the token with exactly this value. */
  claims: z.record(z.string(), z.string()).refine((claims) => Object.keys(claims).length > 0, 'at least one claim to pin, such as the repository'),
  groups: z.array(z.string()).default([]),
  /** The person it acts for, and dies with. */
  owner: z.strictObject({ issuer: z.url().optional(), subject: z.string().min(1) })
})

const identityFields = {
  clientId: z.string().min(1).default('hoop-cli'),
  groupsClaim: z.string().min(1).default('groups'),
  adminGroup: z.string().min(1).default('hoop-admins'),
  auditorGroup: z.string().min(1).default('hoop-auditors'),
  /** How long one login lasts at most, refreshed or not. */
  loginHours: z.number().min(0.01).max(24 * 7).default(12),
  workloads: z.array(workloadSchema).default([])
}
const identitySchema = z.union([
  z.strictObject({ ...identityFields, issuer: z.url(), ca: secret.optional(), deviceFlow: z.boolean().default(false) }),
  z.strictObject({ ...identityFields, embedded: z.strictObject({ users: z.array(userSchema).min(1) }) })
], { error: 'either "issuer" (an OpenID provider) or "embedded" (users listed here), and the fields that go with it' })

const tlsMode = z.enum(['disable', 'require', 'verify-ca', 'verify-full'])
const targetSchema = z.strictObject({
  protocol: z.string(),
  address: upstreamAddress,
  database: z.string().min(1).max(63).optional(),
  tls: z.union([
    tlsMode,
    z.strictObject({
      mode: tlsMode,
      /** PEM bundle to trust instead of the system's. */
      ca: secret.optional(),
      /** Client certificate and key, PEM. */
      cert: secret.optional(),
      key: secret.optional(),
      /** Name the certificate must carry, where it is not the address's host. */
      serverName: z.string().optional()
    }).refine((tls) => (tls.cert === undefined) === (tls.key === undefined), '"cert" and "key" go together')
  ]).default('verify-full'),
  credential: z.strictObject({ user: z.string().min(1).max(63), password: secret.optional() }),
  labels: label.default({}),
  recording: recordingModes.optional()
})

/** Public keys are no secrets, but may lie where secrets do. */
const recipientKey = z.string()
  .refine((text) => secretPattern.test(text) || /^[A-Za-z0-9+/]{59}=$/.test(text), 'an X25519 public key: its one line of base64, or "file:PATH" of its PEM')

const webhookSchema = z.strictObject({
  name,
  url: receiverUrl,
  /** Key of the signature on each message. */
  secret: secret.optional(),
  format: z.enum(['full', 'text', 'card']).default('full')
})

const reviewsSchema = z.strictObject({
  webhooks: z.array(webhookSchema).max(20).default([])
    .refine((webhooks) => new Set(webhooks.map((webhook) => webhook.name)).size === webhooks.length, 'two webhooks have the same name'),
  /** Program and arguments; no shell. */
  command: z.array(z.string().min(1)).min(1).optional(),
  limits: z.strictObject({
    pendingPerPrincipal: z.number().int().min(1).max(10_000).default(100),
    pending: z.number().int().min(1).max(100_000).default(5_000),
    /** Exact statements and parameters of all that wait. */
    heldMebibytes: z.number().int().min(1).max(65_536).default(256)
  }).prefault({})
})

const witnessSchema = z.strictObject({
  name,
  url: z.url({ protocol: /^https?$/ }),
  /** The line that `hoop witness init` prints, or a file that holds it. */
  key: z.string().min(1).max(1024),
  ca: secret.optional()
})

const configSchema = z.strictObject({
  listen: listenSchema,
  identity: identitySchema,
  state: z.strictObject({ sqlite: z.string().min(1) }),
  audit: z.strictObject({
    directory: z.string().min(1),
    /** Name of this gateway's log, as it stands in checkpoints. */
    origin: z.string().regex(/^[^\s+]{1,255}$/, 'a name without spaces or "+"').optional(),
    /** Who else gets each entry. */
    export: exportSchema,
    /** Who may open exact statements and parameters; nobody: they are not kept. */
    sealTo: z.array(z.strictObject({ name, key: recipientKey })).max(20).default([])
      .refine((recipients) => new Set(recipients.map((recipient) => recipient.name)).size === recipients.length, 'two recipients have the same name'),
    /** How long entries are kept at least, in days when read; they go only when two admins say so. */
    retention: z.string().regex(/^[1-9]\d{0,4}[yd]$/, 'years or days, such as "6y" or "2200d"').default('6y')
      .transform((text) => Number(text.slice(0, -1)) * (text.endsWith('y') ? 366 : 1)),
    /** Who vouches, on other machines, that this log only grows. */
    witnesses: z.array(witnessSchema).max(10).default([])
      .refine((witnesses) => new Set(witnesses.map((witness) => witness.name)).size === witnesses.length, 'two witnesses have the same name')
  }),
  limits: z.strictObject({
    sessionsPerPrincipal: z.number().int().min(1).default(50),
    connectionsPerSession: z.number().int().min(1).default(100)
  }).prefault({}),
  reviews: reviewsSchema.prefault({}),
  recording: recordingSchema.optional(),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  targets: z.record(name, targetSchema),
  policy: policySchema,
  /** Columns whose values are masked in everything that goes back. */
  protect: protectSchema.default([]),
  masking: maskingSchema
})

export type TargetConfig = z.infer<typeof targetSchema>

export interface Config extends Omit<z.infer<typeof configSchema>, 'policy'> {
  readonly policy: Policy
  readonly secrets: Secrets
  /** Absolute. */
  readonly stateFile: string
  readonly auditDirectory: string
}

/** Every problem at once, so that a person mends the file in one go. */
export class ConfigError extends GatewayError {
  constructor(readonly file: string, readonly problems: readonly ConfigProblem[]) {
    super('config_invalid', problems.map((problem) => `${problem.path || file}: ${problem.message}`).join('\n'), {
      hint: `mend ${file}, then run: hoop gateway check --config ${file}`
    })
  }
}

/**
 * Reads and checks a configuration file; relative paths in it start at its folder.
 * Variables named by `env:` references are taken out of `environment`; a `reload` finds them gone and does not ask for them.
 * @throws ConfigError with every problem found
 */
export async function loadConfig(
  file: string,
  { environment = process.env, reload = false }: { environment?: NodeJS.ProcessEnv, reload?: boolean } = {}
): Promise<Config> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file; write one with: hoop gateway init' : `cannot be read (${error.code ?? 'unknown error'})`
    throw new ConfigError(file, [{ path: '', message: why }])
  })
  if (Buffer.byteLength(text) > maxConfigBytes) throw new ConfigError(file, [{ path: '', message: 'is larger than 1 MiB' }])

  const raw = parseYaml(file, text)
  const parsed = configSchema.safeParse(raw)
  if (!parsed.success) throw new ConfigError(file, problemsFrom(parsed.error.issues))
  const config = parsed.data
  const folder = dirname(resolve(file))
  const problems = [
    ...crossChecks(config),
    ...sinkProblems(config.audit.export, folder, config.audit.directory),
    ...recordingProblems(config.recording, folder, config.audit.directory),
    ...(reload ? [] : unsetVariables(config, environment))
  ]
  let policy: Policy | undefined
  try {
    policy = parsePolicy(config.policy, { rules: config.protect, masking: config.masking })
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    problems.push({ path: 'policy', message: error.message })
  }
  if (problems.length > 0 || policy === undefined) throw new ConfigError(file, problems)
  return {
    ...config,
    audit: { ...config.audit, export: sinksOf(config.audit.export, folder) },
    recording: recordingIn(config.recording, folder),
    policy,
    secrets: createSecrets(folder, environment, references(config).map((found) => found.reference)),
    stateFile: resolve(folder, config.state.sqlite),
    auditDirectory: resolve(folder, config.audit.directory)
  }
}

function parseYaml(file: string, text: string): unknown {
  const document = parseDocument(text, { strict: true, uniqueKeys: true })
  const [error] = document.errors
  if (error !== undefined) throw new ConfigError(file, [{ path: '', message: `is not YAML: ${error.message.split('\n')[0]!}` }])
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown
  } catch {
    throw new ConfigError(file, [{ path: '', message: 'uses more YAML aliases than a configuration needs' }])
  }
}

/** Fields that are each fine but not together. */
function crossChecks(config: z.infer<typeof configSchema>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (config.listen.tls === undefined && !isLoopback(config.listen.address)) {
    problems.push({ path: 'listen.tls', message: 'is missing: without TLS the gateway listens on loopback only (127.0.0.1:PORT)' })
  }
  if (Object.keys(config.targets).length === 0) problems.push({ path: 'targets', message: 'is empty: name at least one target' })
  for (const [target, { tls, address }] of Object.entries(config.targets)) {
    const mode = typeof tls === 'string' ? tls : tls.mode
    if (address.startsWith('/') && mode !== 'disable') {
      problems.push({ path: `targets.${target}.tls`, message: 'must be "disable" for a Unix socket' })
    }
  }
  const urls = [
    ...config.reviews.webhooks.map(({ url }, i) => [`reviews.webhooks.${i}.url`, url] as const),
    ...config.audit.export.flatMap((sink, i) => 'url' in sink ? [[`audit.export.${i}.url`, sink.url] as const] : []),
    ...config.audit.witnesses.map(({ url }, i) => [`audit.witnesses.${i}.url`, url] as const)
  ]
  for (const [path, url] of urls) {
    if (/^http:/i.test(url) && !isLoopback(`${new URL(url).hostname}:0`)) {
      problems.push({ path, message: 'must be https, unless it is on this machine' })
    }
  }
  return problems
}

function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(':'))
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Every secret reference in the configuration, with the path of its field. */
function references(node: unknown, path: string[] = []): { path: string, reference: string }[] {
  if (typeof node === 'string') {
    const isSecret = secretFields.has(path.at(-1) ?? '') && secretPattern.test(node)
    return isSecret ? [{ path: path.join('.'), reference: node }] : []
  }
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) => references(value, [...path, key]))
}
const secretFields = new Set(['password', 'cert', 'key', 'ca', 'secret', 'url', 'bearer'])

function unsetVariables(config: z.infer<typeof configSchema>, environment: NodeJS.ProcessEnv): ConfigProblem[] {
  return references(config)
    .filter(({ reference }) => reference.startsWith('env:') && environment[reference.slice(4)] === undefined)
    .map(({ path, reference }) => ({ path, message: `names the environment variable ${reference.slice(4)}, which is not set` }))
}

type Issue = z.core.$ZodIssue

/** zod's issues as sentences with the path; of a union's branches, the one that went furthest. */
function problemsFrom(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem[] => {
    const path = [...prefix, ...issue.path]
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key].join('.'), message: 'is not a field of this section' }))
    }
    if (issue.code === 'invalid_union') {
      const closest = [...issue.errors].filter((branch) => branch.length > 0).sort((a, b) => a.length - b.length || depth(b) - depth(a))[0]
      const branches = closest === undefined || closest.every((inner) => inner.code === 'invalid_type' && inner.path.length === 0)
      return branches ? [{ path: path.join('.'), message: issue.message }] : problemsFrom(closest, path)
    }
    if (issue.code === 'invalid_value') {
      return [{ path: path.join('.'), message: `must be one of: ${issue.values.map((value) => String(value)).join(', ')}` }]
    }
    if (issue.code === 'invalid_type' && issue.input === undefined && issue.message.includes('received undefined')) {
      return [{ path: path.join('.'), message: `is missing (${issue.expected})` }]
    }
    return [{ path: path.join('.'), message: issue.message }]
  })
}

function depth(issues: readonly Issue[]): number {
  return Math.max(...issues.map((issue) => issue.path.length))
}
