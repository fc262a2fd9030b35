// The way from this machine's configuration to the database behind a target, step by step, each looked at only when those before it are
// right. Asks nobody anything and runs no statement.
import { GatewayError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { ReviewPending } from '../reviews/pending.ts'
import { clockAhead } from './clock.ts'

export const stepNames = ['config', 'tokens', 'clock', 'gateway', 'login', 'target'] as const
export type StepName = typeof stepNames[number]

/** What was found, in a line. @throws GatewayError what is wrong, with what to type */
export type Step = (context: Context) => Promise<string>

/** Tokens are renewed this long before their end, and identity providers date theirs; more apart than this, things begin to fail. */
const tolerableMilliseconds = 30_000

/** In the order in which they depend on each other. */
export function stepsTo(target: string | undefined): readonly (readonly [StepName, Step])[] {
  return [
    ['config', config],
    ['tokens', tokenStore],
    ['clock', clock],
    ['gateway', gateway],
    ['login', login],
    ['target', target === undefined ? anyTarget : (context) => oneTarget(context, target)]
  ]
}

async function config({ settings, gatewayUrl }: Context): Promise<string> {
  const url = gatewayUrl()
  const { trusted } = await import('../http.ts')
  await trusted(settings)
  const { profile, configDirectory, caFile } = settings
  return `${url}; profile "${profile}" in ${configDirectory}${caFile === undefined ? '' : `; trusts ${caFile}`}`
}

async function tokenStore({ settings, tokens, gatewayUrl }: Context): Promise<string> {
  if (settings.token !== undefined) return settings.tokenFile === undefined ? 'HOOP_TOKEN holds one' : `HOOP_TOKEN_FILE names ${settings.tokenFile}`
  const kept = await tokens.load(gatewayUrl())
  const where = tokens.where === 'keychain' ? 'the system keychain' : 'a file only you can read'
  return kept === undefined ? `${where}, with no login at this gateway` : `a login in ${where}`
}

async function clock({ gatewayUrl, now, signal }: Context): Promise<string> {
  const ahead = await clockAhead(gatewayUrl(), now, signal)
  signal.throwIfAborted()
  if (ahead === undefined) return 'cannot be compared, since the gateway tells no time'
  if (Math.abs(ahead) <= tolerableMilliseconds) return 'agrees with the gateway\'s'
  throw new GatewayError('config_invalid', `this machine's clock is ${lengthFrom(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the gateway's`, {
    hint: 'set it, such as with: sudo timedatectl set-ntp true; where it is right, the gateway\'s is wrong'
  })
}

async function gateway({ gatewayUrl, discover, health }: Context): Promise<string> {
  const url = gatewayUrl()
  const { version } = await discover()
  const { status, reason } = await health()
  if (status !== 'ok') {
    throw new GatewayError('audit_unavailable', `the gateway refuses every statement just now${reason === undefined ? '' : `: ${reason}`}`, {
      hint: 'whoever runs it finds the cause in its log'
    })
  }
  return `hoop ${version} answers, ${url.startsWith('https:') ? 'its certificate is trusted' : 'on this machine, without TLS'}`
}

async function login(context: Context): Promise<string> {
  const { principal, loginEndsAt } = await (await context.gateway()).whoami()
  const groups = principal.groups.length === 0 ? 'in no group' : principal.groups.join(', ')
  return `${principal.email ?? principal.subject} (${groups}), until ${loginEndsAt}`
}

async function anyTarget(context: Context): Promise<string> {
  const targets = await (await context.gateway()).targets()
  if (targets.length === 0) {
    throw new GatewayError('forbidden', 'there is no target you may open', { hint: 'ask whoever writes the policy; hoop whoami shows the groups it can name' })
  }
  return `${targets.length === 1 ? 'one' : targets.length} you may open; to look at one: hoop doctor ${targets[0]!.name}`
}

/** A connection is opened up to the point at which the database says that it is ready. */
async function oneTarget(context: Context, target: string): Promise<string> {
  const [gateway, { openQuerySession }] = await Promise.all([context.gateway(), import('../query/session.ts')])
  // Asking again finds what one has asked for already: that is not ours to take back.
  const mine = new Set((await gateway.reviews({ state: 'pending', mine: true, target })).map(({ id }) => id))
  try {
    const session = await openQuerySession(gateway, { target }, () => undefined)
    const { protocol, database } = session.opened.target
    await session.close()
    return `${target} opens, and its ${protocol} database ${database ?? ''} takes the connection`.replace('  ', ' ')
  } catch (error) {
    if (!(error instanceof ReviewPending)) throw asTargetError(error, target)
    const { id, rule } = error.review
    if (!mine.has(id)) await gateway.withdrawReview(id)
    return `${target} opens once others agree (rule "${rule}"); ${mine.has(id) ? `you have asked: hoop reviews show ${id}` : `to ask: hoop connect ${target}`}`
  }
}

/** The database's own word comes in its own terms; class 08 is about the way there, 28 about who comes in. */
function asTargetError(error: unknown, target: string): unknown {
  const { sqlState, message = '', hint } = error as { readonly sqlState?: string, readonly message?: string, readonly hint?: string }
  if (sqlState === undefined) return error
  return new GatewayError(sqlState.startsWith('28') ? 'target_refused' : 'target_unreachable', message, {
    hint: hint ?? `whoever runs the gateway finds out more with: hoop gateway check (target ${target})`,
    cause: error
  })
}

function lengthFrom(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
