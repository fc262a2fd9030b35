// The policy as configured: its schema, and the checked list of rules. Pure; the words are explained in docs/policy.md.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { GatewayError } from '../../shared/errors.ts'
import type { Effect, StatementFlag } from '../../shared/model.ts'

const effects = ['read', 'write', 'schema', 'privilege', 'session', 'unknown'] as const satisfies readonly Effect[]
const flags = [
  'no_where',
  'syntax_error',
  'pinned_setting',
  'server_file',
  'transaction',
  'locks',
  'cascade',
  'multiple'
] as const satisfies readonly StatementFlag[]
const kinds = ['human', 'service', 'agent'] as const

/** What a rule does, the strictest first: of the rules that match, the first in this order decides. */
export const actions = ['deny', 'allow'] as const
export type Action = typeof actions[number]

const maxRules = 1000
const text = (max: number) => z.string().min(1).max(max)
/** One value, or several of which any will do. */
const oneOrMore = <Item extends z.ZodType<string>>(item: Item) => z.union([item, z.array(item).min(1).max(1000)])
const pattern = text(255).regex(/^[^\s]+$/, 'a name without spaces; "*" stands for any characters')

const ruleSchema = z.strictObject({
  /** Stands in decisions, audit entries and messages. */
  name: text(100).regex(/^[^\p{Cc}]*$/u, 'one line').refine((name) => !/^built-in/i.test(name), 'may not begin with "built-in": those are the gateway\'s own'),
  /** Whom it is about; every field given must hold. Left out: everybody. */
  who: z.strictObject({
    group: oneOrMore(text(255)).optional(),
    /** As the identity provider names the person; an e-mail address decides nothing. */
    subject: oneOrMore(text(255)).optional(),
    issuer: oneOrMore(text(255)).optional(),
    kind: oneOrMore(z.enum(kinds)).optional()
  }).refine((who) => Object.keys(who).length > 0, 'names nobody; leave it out to mean everybody').optional(),
  /** Labels a target must carry, each with one of these values; `name` is the target's own name. Left out: all targets. */
  targets: z.record(text(63), oneOrMore(text(255)))
    .refine((targets) => Object.keys(targets).length > 0, 'names no target; leave it out to mean all').optional(),
  effects: z.array(z.enum(effects)).min(1).optional(),
  relations: oneOrMore(pattern).optional(),
  functions: oneOrMore(pattern).optional(),
  flags: z.array(z.enum(flags)).min(1).optional(),
  verbs: oneOrMore(text(63)).optional(),
  then: z.enum(actions),
  /** What a person who is refused is told. */
  reason: text(500).regex(/^[^\p{Cc}]*$/u, 'one line').optional()
})

export const policySchema = z.array(ruleSchema).max(maxRules, `at most ${maxRules} rules`)

export type Rule = z.infer<typeof ruleSchema>

export interface Policy {
  /** SHA-256 of the rules' canonical form, lower-case hex: the same rules have the same version however they are written. */
  readonly version: string
  readonly rules: readonly Rule[]
}

/** @throws GatewayError config_invalid with every problem that no single field shows */
export function parsePolicy(raw: z.infer<typeof policySchema>): Policy {
  const problems = [...twins(raw), ...raw.flatMap(contradictions)]
  if (problems.length > 0) throw new GatewayError('config_invalid', problems.join('\n'))
  return { version: createHash('sha256').update(canonical(raw)).digest('hex'), rules: raw }
}

/** Decisions name their rule, so a name is one rule's. */
function twins(rules: readonly Rule[]): string[] {
  const seen = new Set<string>()
  return rules.flatMap(({ name }) => {
    if (seen.has(name)) return [`two rules are named "${name}"`]
    seen.add(name)
    return []
  })
}

function contradictions(rule: Rule): string[] {
  const problems: string[] = []
  const say = (problem: string) => problems.push(`rule "${rule.name}" ${problem}`)
  if (rule.then !== 'allow') return problems
  if (rule.reason !== undefined) say('has a reason, which is for refusals only')
  if (rule.flags?.includes('pinned_setting') === true) say('allows pinned_setting, which is always refused')
  const beyond = (rule.effects ?? effects).filter((effect) => !boundToRelations.has(effect))
  if (rule.relations !== undefined && rule.effects === undefined) {
    say(`allows something on relations: give it effects, some of ${[...boundToRelations].join(', ')}`)
  } else if (rule.relations !== undefined && beyond.length > 0) {
    say(`allows ${beyond.join(' and ')} on relations, but ${beyond.join(' and ')} is not bound to any: make that a rule of its own`)
  }
  return problems
}

/** Effects whose reach the relations of a statement describe. */
const boundToRelations: ReadonlySet<Effect> = new Set(['read', 'write', 'schema'])

/** JSON with sorted fields. The order of rules is kept: it decides which of several allowing rules is named. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
  return `{${fields.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}
