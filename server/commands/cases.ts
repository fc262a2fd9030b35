// `hoop policy test`: what a policy is meant to say of some statements, next to what it says. Runs no statement; asks a target for its
// catalog only where that is wanted.
import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { access } from '../policy/access.ts'
import { compile } from '../policy/decide.ts'
import { protectionFor } from '../policy/protect.ts'
import type { Policy } from '../policy/rules.ts'
import type { Explained } from '../protocols/protocol.ts'
import type { Catalog, CatalogEntry } from '../targets/catalog.ts'
import { asGatewayError, GatewayError } from '../../shared/errors.ts'
import type { Decision, Principal } from '../../shared/model.ts'
import type { TestedCase } from '../../shared/policy-check.ts'
import { tooSlow } from './survey.ts'

const maxFileBytes = 4 * 1024 * 1024
const limitMilliseconds = 60_000
const names = z.union([z.string().min(1).transform((one) => [one]), z.array(z.string().min(1))])

const caseSchema = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  who: z.strictObject({
    groups: names.default([]),
    kind: z.enum(['human', 'service', 'agent']).default('human'),
    subject: z.string().default('somebody'),
    issuer: z.string().default('https://issuer.invalid')
  }).prefault({}),
  target: z.string().min(1),
  /** Absent: it is about opening the target. */
  statement: z.string().min(1).optional(),
  /** When, for rules with hours. */
  at: z.iso.datetime({ offset: true }).transform((time) => Date.parse(time)).optional(),
  expect: z.enum(['allow', 'deny', 'hold']),
  /** One of those that decide. */
  rule: z.string().min(1).optional(),
  /** Columns of the result that are not shown as they are, all of them. */
  masked: names.optional()
})
const fileSchema = z.strictObject({ cases: z.array(caseSchema).min(1).max(10_000) })

export type PolicyCase = z.infer<typeof caseSchema>

/** @throws GatewayError config_invalid naming the file and what is wrong in it */
export async function readCases(file: string): Promise<readonly PolicyCase[]> {
  const wrong = (what: string) => new GatewayError('config_invalid', `${file} ${what}`, {
    hint: 'such as: cases: [{ who: { groups: [engineers] }, target: prod-db, statement: SELECT 1, expect: allow }]'
  })
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => { throw wrong(error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? 'unknown error'})`) })
  if (Buffer.byteLength(text) > maxFileBytes) throw wrong('is larger than 4 MiB')
  let raw: unknown
  try {
    raw = parse(text, { strict: true, uniqueKeys: true, maxAliasCount: 100 })
  } catch (error) {
    throw wrong(`is not YAML: ${(error as Error).message.split('\n')[0]!}`)
  }
  const parsed = fileSchema.safeParse(raw)
  if (parsed.success) return parsed.data.cases
  throw wrong(`is wrong in\n${parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`).join('\n')}`)
}

export interface TestOptions {
  readonly catalog: Catalog
  readonly policy: Policy
  /** Whether targets may be asked for their catalogs. */
  readonly connect: boolean
  /** For cases that name no time; milliseconds since 1970. */
  readonly now: number
}

export async function testCases(cases: readonly PolicyCase[], options: TestOptions): Promise<readonly TestedCase[]> {
  const tested: TestedCase[] = []
  for (const [i, one] of cases.entries()) {
    const name = one.name ?? `case ${i + 1}`
    try {
      tested.push({ name, ...await testCase(one, options) })
    } catch (error) {
      tested.push({ name, ok: false, problem: asGatewayError(error).message })
    }
  }
  return tested
}

async function testCase(one: PolicyCase, { catalog, policy, connect, now }: TestOptions): Promise<Omit<TestedCase, 'name'>> {
  const { groups, kind, subject, issuer } = one.who
  const principal: Principal = { issuer, subject, groups, kind }
  const entry = catalog.find(one.target, () => true)
  const moment = { now: one.at ?? now }
  if (one.statement === undefined) return judged(one, access(policy, principal, entry.target, moment), undefined)
  const protection = protectionFor(policy.protection, principal, entry.target, moment)
  const explained = connect ? await explain(entry, one.statement, protection) : await read(entry, one.statement)
  const decide = compile(policy, principal, entry.target)
  const decision = strictest(explained.map(({ operation }) => decide(operation, moment)))
  // What rules refuse stays refused, whatever is protected.
  if (!connect && protection !== undefined && decision.action !== 'deny') {
    return { ok: false, problem: `columns of ${one.target} are protected, so its catalog has a say: --connect` }
  }
  return judged(one, decision, explained)
}

function explain(
  { target, protocol, edge }: CatalogEntry,
  statement: string,
  protection: ReturnType<typeof protectionFor>
): Promise<readonly Explained[]> {
  if (protocol.explain === undefined) throw new GatewayError('bad_request', `statements for ${protocol.name} targets cannot be explained`)
  const request = { statement, ...(target.database === undefined ? {} : { database: target.database }) }
  const timeout = AbortSignal.timeout(limitMilliseconds)
  return protocol.explain(edge, request, protection, timeout).catch((error: unknown) => {
    throw timeout.aborted ? tooSlow(target, 'catalog was', limitMilliseconds) : error
  })
}

async function read({ protocol }: CatalogEntry, statement: string): Promise<readonly Explained[]> {
  if (protocol.read === undefined) throw new GatewayError('bad_request', `statements for ${protocol.name} targets cannot be read without the target`)
  return (await protocol.read(statement)).map((operation) => ({ operation, shows: { flows: [], unproven: [] } }))
}

/** Several statements are one to whoever sends them: the first that is refused, else the first that is held, decides. */
function strictest(decisions: readonly Decision[]): Decision {
  return decisions.find(({ action }) => action === 'deny') ?? decisions.find(({ action }) => action === 'hold') ?? decisions[0]!
}

function judged({ expect, rule, masked }: PolicyCase, decision: Decision, explained: readonly Explained[] | undefined): Omit<TestedCase, 'name'> {
  const found = { action: decision.action, rule: decision.rule }
  const columns = (explained ?? []).flatMap(({ shows }) => shows.columns ?? [])
    .filter(({ shown }) => shown === 'masked' || shown === 'redacted').map(({ name }) => name)
  const problems = [
    ...(found.action === expect ? [] : [`expected ${expect}, found ${found.action} (rule "${found.rule}")`]),
    ...(rule === undefined || decides(rule, found.rule) ? [] : [`expected the rule "${rule}" to decide, found "${found.rule}"`]),
    ...(masked === undefined || sameNames(masked, columns) ? [] : [`expected ${listed(masked)} masked, found ${listed(columns)}`])
  ]
  return problems.length === 0 ? { ok: true, decision: found } : { ok: false, problem: problems.join('; '), decision: found }
}

/** Several rules may decide together. */
function decides(rule: string, found: string): boolean {
  return found === rule || found.split(' + ').includes(rule)
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return [...one].sort().join('\n') === [...other].sort().join('\n')
}

function listed(columns: readonly string[]): string {
  return columns.length === 0 ? 'no column' : columns.join(', ')
}
