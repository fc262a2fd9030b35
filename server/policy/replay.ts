// Statements of an audit log judged again, by two policies: which decisions would be others. By the rules alone, since what a statement
// shows of protected columns is the catalog's to say. Pure.
import { isDeepStrictEqual } from 'node:util'
import type { Actor, AuditEntry, StatementFacts } from '../../shared/audit/entry.ts'
import type { Decision, StatementOperation, Target } from '../../shared/model.ts'
import type { DecisionChange, ReplayedLog } from '../../shared/policy-check.ts'
import { compile } from './decide.ts'
import type { Policy } from './rules.ts'

export interface Side {
  readonly policy: Policy
  /** As this side's configuration has it. */
  readonly target: (name: string) => Target | undefined
}

export interface Replay {
  /** Entries in the order of the log; those that are no statements are passed over. */
  take(entries: readonly AuditEntry[]): void
  end(): ReplayedLog
}

type Judge = (operation: StatementOperation, now: number) => Decision
type Brief = Pick<Decision, 'action' | 'rule'>

/** Beyond this many kinds of change the rest is counted only. */
const maxChanges = 10_000

export function createReplay(before: Side, after: Side): Replay {
  const judges = [judging(before), judging(after)] as const
  const changes = new Map<string, DecisionChange>()
  let statements = 0
  let changed = 0

  function judge(actor: Actor, target: string, facts: StatementFacts, time: string): void {
    statements++
    const operation = operationFrom(facts)
    const [was, is] = judges.map((of) => brief(of(actor, target)(operation, Date.parse(time)))) as [Brief, Brief]
    if (was.action === is.action) return
    changed++
    const who = actor.email ?? actor.subject
    const statement = facts.redacted ?? facts.verb
    const key = JSON.stringify([actor.issuer, actor.subject, target, statement, was, is])
    const known = changes.get(key)
    if (known === undefined && changes.size >= maxChanges) return
    changes.set(key, { count: (known?.count ?? 0) + 1, last: time, who, target, statement, before: was, after: is })
  }

  return {
    take(entries) {
      for (const entry of entries) for (const facts of statementsIn(entry)) judge(facts.actor, facts.target, facts.statement, entry.time)
    },
    end: () => ({
      statements,
      changed,
      changes: [...changes.values()].sort((a, b) => b.count - a.count),
      warnings: blindSpots(before.policy, after.policy)
    })
  }
}

/** Each statement once: what was released stands in its review already, as it was held. */
function statementsIn(entry: AuditEntry): { actor: Actor, target: string, statement: StatementFacts }[] {
  switch (entry.kind) {
    case 'statement.intent':
    case 'decision': return entry.decision.review === undefined ? [{ actor: entry.actor, target: entry.target.name, statement: entry.statement }] : []
    case 'review.held': return entry.statements.map((statement) => ({ actor: entry.actor, target: entry.target.name, statement }))
    default: return []
  }
}

function judging({ policy, target: targetOf }: Side): (actor: Actor, target: string) => Judge {
  const known = new Map<string, Judge>()
  return (actor, name) => {
    const key = JSON.stringify([name, actor])
    let judge = known.get(key)
    if (judge === undefined) {
      const target = targetOf(name)
      const decide = target === undefined ? undefined : compile(policy, actor, target)
      judge = (operation, now) => decide?.(operation, { now }) ?? { action: 'deny', rule: 'built-in: no such target', reason: '' }
      known.set(key, judge)
    }
    return judge
  }
}

function operationFrom({ step, verb, sha256, effects, relations, flags }: StatementFacts): StatementOperation {
  return { kind: 'statement', step, verb, text: '', sha256, parameters: [], effects, relations, flags, functions: [] }
}

function brief({ action, rule }: Decision): Brief {
  return { action, rule }
}

function blindSpots(before: Policy, after: Policy): string[] {
  const rules = [...before.rules, ...after.rules]
  const named = (field: 'functions' | 'rowsAbove') => [...new Set(rules.filter((rule) => rule[field] !== undefined).map(({ name }) => `"${name}"`))].join(', ')
  const [functions, rows] = [named('functions'), named('rowsAbove')]
  return [
    ...(functions === '' ? [] : [`the log does not name functions, so rules that do were taken not to match: ${functions}`]),
    ...(rows === '' ? [] : [`the log holds no estimates, so every statement was taken to be above "rowsAbove": ${rows}`]),
    ...(isDeepStrictEqual(before.protection, after.protection) ? [] : ['what is protected differs; what that changes only the catalog can tell: hoop policy explain, hoop policy test --connect'])
  ]
}
