// The facts of one statement while they are being gathered. Pure. Knows how far a part of a statement gets, not what it means.
import type { Effect, StatementFlag, StatementOperation } from '../../../shared/model.ts'
import type { FunctionFacts } from './functions.ts'
import { nameOf, type Tree } from './tree.ts'

/**
 * How far a part of a statement gets, from most to least:
 *   runs     it is executed
 *   planned  EXPLAIN: functions may be evaluated to estimate, nothing is written
 *   stored   kept for later: the body of a view, a function, a rule
 */
export type Mode = 'runs' | 'planned' | 'stored'

/** What to look at below a node. `target` marks what a write names: a relation even where a WITH query has its name. */
export interface Below {
  readonly value: unknown
  readonly mode: Mode
  readonly target?: true
}

/** Reads a node's own fields. @returns what to look at below; undefined: all of it, in the mode its kind gives */
export type Inspect = (node: Tree, reading: Reading, mode: Mode) => readonly Below[] | undefined

export type ReadFacts = Pick<StatementOperation, 'effects' | 'relations' | 'functions' | 'effectful' | 'flags'>

const effectOrder: readonly Effect[] = ['read', 'write', 'schema', 'privilege', 'session', 'unknown']

export class Reading {
  readonly #effects = new Set<Effect>()
  readonly #relations = new Set<string>()
  readonly #functions = new Set<string>()
  readonly #effectful = new Set<string>()
  readonly #flags = new Set<StatementFlag>()
  /** Something other than a function call is behind `unknown`. */
  #opaque = false

  /** @param effectsOfFunction what a call by that name does, the name in parts as written */
  constructor(readonly effectsOfFunction: (name: readonly string[]) => FunctionFacts) {}

  effect(mode: Mode, ...effects: readonly Effect[]): void {
    for (const effect of effects.filter((candidate) => takesPlace(candidate, mode))) {
      this.#effects.add(effect)
      if (effect === 'unknown') this.#opaque = true
    }
  }

  /** Nobody here knows what it is, so how far it gets is not known either. */
  unknown(): void {
    this.effect('runs', 'unknown')
  }

  flag(mode: Mode, flag: StatementFlag): void {
    // What is stored or set for later must not change how SQL is read either.
    if (mode === 'runs' || flag === 'pinned_setting') this.#flags.add(flag)
  }

  /** @param name `[schema, relation]` or `[relation]`; a database in front can only be the one we are in, and is left out */
  relation(name: readonly string[]): void {
    if (name.length > 0) this.#relations.add(nameOf(name.slice(-2)))
  }

  /** A call, or an operator or sampling method, which are functions by another name. */
  call(name: readonly string[], mode: Mode, facts: FunctionFacts = this.effectsOfFunction(name)): void {
    const written = nameOf(name)
    this.#functions.add(written)
    const effects = facts.effects.filter((effect) => takesPlace(effect, mode))
    for (const effect of effects) this.#effects.add(effect)
    if (effects.length > 0) this.#effectful.add(written)
    if (facts.flag !== undefined) this.flag(mode, facts.flag)
  }

  facts(): ReadFacts {
    return {
      effects: effectOrder.filter((effect) => this.#effects.has(effect)),
      relations: [...this.#relations].sort(),
      functions: [...this.#functions].sort(),
      ...(this.#opaque ? {} : { effectful: [...this.#effectful].sort() }),
      flags: [...this.#flags].sort()
    }
  }
}

function takesPlace(effect: Effect, mode: Mode): boolean {
  if (mode === 'runs') return true
  return mode === 'planned' && (effect === 'read' || effect === 'unknown')
}
