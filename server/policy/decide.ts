// May this operation run. Pure. The strictest matching rule decides; what no rule allows is denied.
import type { Decision, Effect, Exposure, Mask, Operation, Principal, ReviewTerms, StatementOperation, Target } from '../../shared/model.ts'
import { access, rulesFor, type Moment } from './access.ts'
import { termsOf } from './hold.ts'
import { within } from './hours.ts'
import { glob, listed, namePattern, splitName, type Certainty, type Name } from './match.ts'
import { exposureTerms } from './protect.ts'
import type { Action, Policy, Rule } from './rules.ts'
import { addedUp } from './terms.ts'

/** One bit each, so that covering all of a statement's effects is one comparison. */
const bits: Readonly<Record<Effect, number>> = { read: 1, write: 2, schema: 4, privilege: 8, session: 16, unknown: 32 }
const everyEffect = mask(['read', 'write', 'schema', 'privilege', 'session', 'unknown'])

/** A rule made ready for one principal on one target. */
interface Compiled {
  readonly rule: Rule
  readonly effects: number
  /** The conditions besides effects. */
  readonly applies: (statement: StatementOperation, moment: Moment) => boolean
}

const nothingToAllow: Decision = { action: 'allow', rule: 'built-in: no effect', masks: [] }
const syntaxCheck: Decision = { action: 'allow', rule: 'built-in: syntax check', masks: [] }

/**
 * Looks at what is the same for every operation once. The answer holds for this policy only; a session compiles again when it changes.
 * @returns the decision on one operation
 */
export function compile(policy: Policy, principal: Principal, target: Target): (operation: Operation, moment: Moment) => Decision {
  const rules = rulesFor(policy, principal, target)
  const namesOf = splitting()
  const compiledOf = (action: Action, certainty: Certainty) =>
    rules.filter((rule) => rule.then === action && rule.on !== 'open').map((rule) => compiled(rule, certainty, namesOf))
  const [denying, holding, allowing] = [compiledOf('deny', 'any'), compiledOf('hold', 'any'), compiledOf('allow', 'proven')]
  const timely = rules.some(({ hours }) => hours !== undefined)
  const entry = access(policy, principal, target, { now: 0 })
  const terms = exposureTerms(policy.protection)

  return (operation, moment) => {
    // Held openings are the registry's affair: by now it is open. What is closed meanwhile runs nothing more.
    const open = timely ? access(policy, principal, target, moment) : entry
    if (open.action === 'deny') return open
    // Whoever may open the target may stop what he started there.
    if (operation.kind === 'cancel') return { action: 'allow', rule: open.rule, masks: [] }
    const held = holding.filter((rule) => speaksOf(rule, operation) && rule.applies(operation, moment))
    const decision = builtIn(operation) ?? refusal(operation, denying, moment) ?? permission(operation, held, allowing, target, moment)
    return operation.exposure === undefined ? decision : exposed(decision, operation, operation.exposure, terms)
  }
}

const protectedRule = 'built-in: protected columns'

/** What else than rules has a say: what the statement shows of protected columns. Cells are masked whatever is decided. */
function exposed(
  decision: Decision,
  statement: StatementOperation,
  { action, why, masked }: Exposure,
  terms: ReviewTerms | undefined
): Decision {
  if (decision.action === 'deny') return decision
  const masks: Mask[] = masked.map((column) => ({ column, mask: 'as protected', rule: protectedRule }))
  // What only the server's parser sees shows nothing, and is refused or held when it is to run.
  if (action === 'allow' || statement.step === 'check') return { ...decision, masks }
  if (action === 'deny' || terms === undefined) {
    return { action: 'deny', rule: protectedRule, reason: `${why.slice(0, 3).join('; ')} (protected columns)` }
  }
  if (runsNothing(statement)) return { ...decision, masks }
  if (decision.action === 'hold') return { ...decision, rule: `${decision.rule} + ${protectedRule}`, masks, terms: addedUp([decision.terms, terms]) }
  return { action: 'hold', rule: protectedRule, masks, terms }
}

/** What no rule can change. */
function builtIn(statement: StatementOperation): Decision | undefined {
  if (statement.flags.includes('pinned_setting')) {
    return {
      action: 'deny',
      rule: 'built-in: pinned settings',
      reason: `${statement.verb} would change client_encoding, standard_conforming_strings or backslash_quote, by which hoop reads SQL`
    }
  }
  if (statement.flags.includes('function_call')) {
    return {
      action: 'deny',
      rule: 'built-in: no function calls by object id',
      reason: 'function calls by object id are not passed on: they have no text to judge'
    }
  }
  // The server's own parser says what is wrong better than we could, and gets no further than that.
  if (statement.step === 'check' && statement.flags.includes('syntax_error')) return syntaxCheck
  return undefined
}

function speaksOf({ rule, effects }: Compiled, statement: StatementOperation): boolean {
  return rule.effects === undefined || (effects & mask(statement.effects)) !== 0
}

function refusal(statement: StatementOperation, denying: readonly Compiled[], moment: Moment): Decision | undefined {
  const decisive = denying.find((rule) => speaksOf(rule, statement) && rule.applies(statement, moment))
  if (decisive === undefined) return undefined
  const { rule } = decisive
  const told = rule.reason ?? `${described(statement, rule.effects ?? statement.effects)} is refused here`
  return { action: 'deny', rule: rule.name, reason: `${told} (rule "${rule.name}")` }
}

/** Rules add up: each effect has to be covered by one that matches. What a rule holds, it lets run once others agree. */
function permission(
  statement: StatementOperation,
  held: readonly Compiled[],
  allowing: readonly Compiled[],
  target: Target,
  moment: Moment
): Decision {
  let open = mask(statement.effects)
  for (const { effects } of held) open &= ~effects
  const used: string[] = []
  for (const { rule, effects, applies } of allowing) {
    if (open === 0) break
    // What a statement changes without naming a relation is not one of a rule's relations; what it only reads does no harm.
    const covers = rule.relations !== undefined && statement.relations.length === 0 ? effects & bits.read : effects
    if ((open & covers) === 0 || !applies(statement, moment)) continue
    used.push(rule.name)
    open &= ~covers
  }
  if (open !== 0) {
    const missing = statement.effects.filter((effect) => (open & bits[effect]) !== 0)
    return { action: 'deny', rule: 'built-in: nothing allows it', reason: `no rule lets you ${described(statement, missing)} on "${target.name}"` }
  }
  if (held.length > 0) {
    const rules = held.map(({ rule }) => rule)
    return runsNothing(statement) ? { action: 'allow', rule: `${rules.map(({ name }) => name).join(' + ')}: not run yet`, masks: [] } : hold(rules, moment)
  }
  return used.length === 0 ? nothingToAllow : { action: 'allow', rule: used.join(' + '), masks: [] }
}

/**
 * Preparing runs nothing, so people are asked once, when it is to run. Binding plans, and the planner calls functions that say they
 * are immutable: with functions nobody knows, that is running.
 */
function runsNothing({ step, verb, effects }: StatementOperation): boolean {
  return step === 'prepare' || verb === 'PREPARE' || (step === 'bind' && !effects.includes('unknown'))
}

/** Where every rule that holds asks for more rows than some number, the smallest of these decides, once there is an estimate. */
function hold(rules: readonly Rule[], { estimatedRows }: Moment): Decision {
  const limits = rules.flatMap(({ rowsAbove }) => rowsAbove ?? [])
  const rowsAbove = estimatedRows === undefined && limits.length === rules.length ? { rowsAbove: Math.min(...limits) } : {}
  return { action: 'hold', rule: rules.map(({ name }) => name).join(' + '), masks: [], terms: { ...termsOf(rules), ...rowsAbove } }
}

/** Analyses are cached, so the same lists of names come again and again: each is split once. */
function splitting(): (names: readonly string[]) => readonly Name[] {
  const known = new WeakMap<readonly string[], readonly Name[]>()
  return (names) => {
    let split = known.get(names)
    if (split === undefined) {
      split = names.map(splitName)
      known.set(names, split)
    }
    return split
  }
}

function compiled(rule: Rule, certainty: Certainty, namesOf: (names: readonly string[]) => readonly Name[]): Compiled {
  const conditions: Compiled['applies'][] = []
  const { flags, verbs, relations, functions, hours, rowsAbove } = rule
  if (hours !== undefined) {
    const isWithin = within(hours)
    conditions.push((_, { now }) => isWithin(now))
  }
  if (rowsAbove !== undefined) conditions.push((_, { estimatedRows }) => estimatedRows == null || estimatedRows > rowsAbove)
  if (flags !== undefined) conditions.push((statement) => flags.some((flag) => statement.flags.includes(flag)))
  if (verbs !== undefined) {
    const globs = listed(verbs).map((verb) => glob(verb.toUpperCase()))
    conditions.push(({ verb }) => globs.some((matches) => matches(verb)))
  }
  if (relations !== undefined) {
    const isOne = anyOf(relations, certainty)
    conditions.push(certainty === 'any' ? ({ relations }) => namesOf(relations).some(isOne) : ({ relations }) => namesOf(relations).every(isOne))
  }
  if (functions !== undefined) {
    const isOne = anyOf(functions, certainty)
    conditions.push(certainty === 'any'
      ? ({ functions }) => namesOf(functions).some(isOne)
      : ({ effectful = [] }) => effectful.length > 0 && namesOf(effectful).every(isOne))
  }
  return {
    rule,
    effects: rule.effects === undefined ? everyEffect : mask(rule.effects),
    applies: (statement, moment) => conditions.every((holds) => holds(statement, moment))
  }
}

function anyOf(patterns: string | readonly string[], certainty: Certainty): (name: Name) => boolean {
  const matchers = listed(patterns).map((pattern) => namePattern(pattern, certainty))
  return (name) => matchers.some((matches) => matches(name))
}

function mask(effects: readonly Effect[]): number {
  return effects.reduce((sum, effect) => sum | bits[effect], 0)
}

const phrases: Readonly<Record<Effect, string>> = {
  read: 'read',
  write: 'write',
  schema: 'change the schema',
  privilege: 'change privileges or the server',
  session: 'change settings of the connection',
  unknown: 'run what cannot be proven harmless'
}

/** In a person's words: `write public.visits`, `change privileges or the server (GRANT)`. */
function described(statement: StatementOperation, effects: readonly Effect[]): string {
  return effects.map((effect) => {
    if (effect === 'unknown') return `${phrases.unknown} (${cause(statement)})`
    const relations = effect === 'privilege' || effect === 'session' ? undefined : someOf(statement.relations)
    return `${phrases[effect]} ${relations === undefined ? `(${statement.verb})` : effect === 'schema' ? `of ${relations}` : relations}`
  }).join(' and ')
}

function cause({ verb, effectful = [] }: StatementOperation): string {
  const calls = someOf(effectful)
  return calls === undefined ? verb : `calls ${calls}`
}

/** The first few, and how many more there are. */
function someOf(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
}
