// The policy as configured: its schema, and the checked list of rules. Pure; the words are explained in docs/policy.md.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { GatewayError } from '../../shared/errors.ts'
import type { Effect, StatementFlag } from '../../shared/model.ts'
import { duration } from './duration.ts'
import { hoursSchema } from './hours.ts'
import { maskingSchema, type ProtectionPolicy } from './protect.ts'

const effects = ['read', 'write', 'schema', 'privilege', 'session', 'unknown'] as const satisfies readonly Effect[]
const flags = [
  'no_where',
  'syntax_error',
  'pinned_setting',
  'server_file',
  'transaction',
  'locks',
  'cascade',
  'multiple',
  'function_call'
] as const satisfies readonly StatementFlag[]
const kinds = ['human', 'service', 'agent'] as const

/** What a rule does, the strictest first: of the rules that match, the first in this order decides. */
export const actions = ['deny', 'hold', 'allow'] as const
export type Action = typeof actions[number]

const maxRules = 1000
const text = (max: number) => z.string().min(1).max(max)
/** One value, or several of which any will do. */
const oneOrMore = <Item extends z.ZodType<string>>(item: Item) => z.union([item, z.array(item).min(1).max(1000)])
const pattern = text(255).regex(/^[^\s]+$/, 'a name without spaces; "*" stands for any characters')

const place = z.strictObject({ group: text(255), count: z.number().int().min(1).max(10).default(1) })

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
  /** What it speaks of: opening the target, or statements there (the default). */
  on: z.enum(['open', 'statement']).optional(),
  /** When it holds, by the clock of a place. */
  hours: hoursSchema.optional(),
  effects: z.array(z.enum(effects)).min(1).optional(),
  relations: oneOrMore(pattern).optional(),
  functions: oneOrMore(pattern).optional(),
  flags: z.array(z.enum(flags)).min(1).optional(),
  verbs: oneOrMore(text(63)).optional(),
  then: z.enum(actions),
  /** What a person who is refused is told. */
  reason: text(500).regex(/^[^\p{Cc}]*$/u, 'one line').optional(),
  /** With `hold`: whose members decide, and how many of each. Every place has to be filled, each by other people. */
  approvers: z.union([place, z.array(place).min(1).max(10)]).optional(),
  timeout: duration(10, 24 * 3600).optional(),
  requesterReason: z.boolean().optional(),
  approverReason: z.boolean().optional(),
  /** Groups whose members may release what they asked for themselves. */
  breakGlass: z.array(text(255)).min(1).max(10).optional(),
  /** Holds only what the database expects to touch or return more rows than this; what it cannot estimate is held. */
  rowsAbove: z.number().int().min(0).optional(),
  /** With `on: open`: how long, from the approval on, the target may be opened. */
  window: duration(60, 24 * 3600).optional()
})

export const policySchema = z.array(ruleSchema).max(maxRules, `at most ${maxRules} rules`)

export type Rule = z.infer<typeof ruleSchema>

export interface Policy {
  /** SHA-256 of the rules' canonical form, lower-case hex: the same rules have the same version however they are written. */
  readonly version: string
  readonly rules: readonly Rule[]
  readonly protection: ProtectionPolicy
}

const nothingProtected: ProtectionPolicy = { rules: [], masking: maskingSchema.parse(undefined) }

/** @throws GatewayError config_invalid with every problem that no single field shows */
export function parsePolicy(raw: z.infer<typeof policySchema>, protection = nothingProtected): Policy {
  const problems = [...twins(raw), ...raw.flatMap(contradictions), ...twinsInProtect(protection)]
  if (problems.length > 0) throw new GatewayError('config_invalid', problems.join('\n'))
  // Where nothing is protected and nothing looked for, a policy's version is that of its rules, as it always was.
  const all = protection.rules.length === 0 && protection.masking.detect === undefined ? raw : { rules: raw, protection }
  return { version: createHash('sha256').update(canonical(all)).digest('hex'), rules: raw, protection }
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

/** An exemption is asked for, and told, by the name of its rule. */
function twinsInProtect({ rules }: ProtectionPolicy): string[] {
  const named = (wanted: string) => rules.filter(({ name }) => name === wanted)
  const twins = rules.filter(({ name, except }) => except !== undefined && named(name).length > 1)
  return [...new Set(twins.map(({ name }) => name))].map((name) => `several rules of protect are named "${name}", one with an exemption, which is told by its rule's name`)
}

function contradictions(rule: Rule): string[] {
  const problems: string[] = []
  const say = (problem: string) => problems.push(`rule "${rule.name}" ${problem}`)
  const given = (fields: readonly (keyof Rule)[]) => fields.filter((field) => rule[field] !== undefined)
  if (rule.then !== 'hold') {
    const [useless] = given(['approvers', 'timeout', 'requesterReason', 'approverReason', 'breakGlass', 'rowsAbove', 'window'])
    if (useless !== undefined) say(`has "${useless}", which goes with "then: hold" only`)
  } else {
    if (rule.approvers === undefined) say('holds, but names no approvers')
    if (rule.reason !== undefined) say('has a reason, which is for refusals only')
  }
  if (rule.on === 'open') {
    const [useless] = given(['effects', 'relations', 'functions', 'flags', 'verbs', 'rowsAbove'])
    if (useless !== undefined) say(`speaks of opening a target, where there are no ${useless} yet`)
    if (rule.then === 'hold' && rule.window === undefined) say('holds the opening of a target: give it a window, such as 4h')
  } else if (rule.window !== undefined) {
    say('has a window, which goes with "on: open" only')
  }
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
