// May this operation run. Pure. The strictest matching rule decides; what no rule allows is denied.
import type { Decision, Effect, Operation, Principal, StatementOperation, Target } from '../../shared/model.ts'
import { access, rulesFor } from './access.ts'
import { glob, listed, namePattern, splitName, type Certainty, type Name } from './match.ts'
import type { Policy, Rule } from './rules.ts'

/** One bit each, so that covering all of a statement's effects is one comparison. */
const bits: Readonly<Record<Effect, number>> = { read: 1, write: 2, schema: 4, privilege: 8, session: 16, unknown: 32 }
const everyEffect = mask(['read', 'write', 'schema', 'privilege', 'session', 'unknown'])

/** A rule made ready for one principal on one target. */
interface Compiled {
  readonly rule: Rule
  readonly effects: number
  /** The conditions besides effects. */
  readonly applies: (statement: StatementOperation) => boolean
}

const nothingToAllow: Decision = { action: 'allow', rule: 'built-in: no effect', masks: [] }
const syntaxCheck: Decision = { action: 'allow', rule: 'built-in: syntax check', masks: [] }

/**
 * Looks at what is the same for every operation once. The answer holds for this policy only; a session compiles again when it changes.
 * @returns the decision on one operation
 */
export function compile(policy: Policy, principal: Principal, target: Target): (operation: Operation) => Decision {
  const entry = access(policy, principal, target)
  if (entry.action === 'deny') return () => entry
  const rules = rulesFor(policy, principal, target)
  const namesOf = splitting()
  const denying = rules.filter((rule) => rule.then === 'deny').map((rule) => compiled(rule, 'any', namesOf))
  const allowing = rules.filter((rule) => rule.then === 'allow').map((rule) => compiled(rule, 'proven', namesOf))

  return (operation) => {
    // Whoever may open the target may stop what he started there.
    if (operation.kind === 'cancel') return { action: 'allow', rule: entry.rule, masks: [] }
    return builtIn(operation) ?? refusal(operation, denying) ?? permission(operation, allowing, target)
  }
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
  // The server's own parser says what is wrong better than we could, and gets no further than that.
  if (statement.step === 'check' && statement.flags.includes('syntax_error')) return syntaxCheck
  return undefined
}

function refusal(statement: StatementOperation, denying: readonly Compiled[]): Decision | undefined {
  const present = mask(statement.effects)
  const speaksOf = ({ rule, effects }: Compiled) => rule.effects === undefined || (effects & present) !== 0
  const decisive = denying.find((compiled) => speaksOf(compiled) && compiled.applies(statement))
  if (decisive === undefined) return undefined
  const { rule } = decisive
  const told = rule.reason ?? `${described(statement, rule.effects ?? statement.effects)} is refused here`
  return { action: 'deny', rule: rule.name, reason: `${told} (rule "${rule.name}")` }
}

/** Rules add up: each effect has to be covered by one that matches. */
function permission(statement: StatementOperation, allowing: readonly Compiled[], target: Target): Decision {
  let open = mask(statement.effects)
  if (open === 0) return nothingToAllow
  const used: string[] = []
  for (const { rule, effects, applies } of allowing) {
    // What a statement changes without naming a relation is not one of a rule's relations; what it only reads does no harm.
    const covers = rule.relations !== undefined && statement.relations.length === 0 ? effects & bits.read : effects
    if ((open & covers) === 0 || !applies(statement)) continue
    used.push(rule.name)
    open &= ~covers
    if (open === 0) return { action: 'allow', rule: used.join(' + '), masks: [] }
  }
  const missing = statement.effects.filter((effect) => (open & bits[effect]) !== 0)
  return { action: 'deny', rule: 'built-in: nothing allows it', reason: `no rule lets you ${described(statement, missing)} on "${target.name}"` }
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
  const conditions: ((statement: StatementOperation) => boolean)[] = []
  const { flags, verbs, relations, functions } = rule
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
    applies: (statement) => conditions.every((holds) => holds(statement))
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
