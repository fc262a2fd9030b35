// What the log is told about statements and decisions, cut to what an entry can hold. Within a session the same ones come again and
// again: from the second time on they are the same objects, whose text the log has made before.
import { lasting } from '../../shared/audit/canonical.ts'
import type { DecisionFacts, EntryFacts, OutcomeFacts, StatementFacts } from '../../shared/audit/entry.ts'
import type { Exposure, StatementOperation } from '../../shared/model.ts'
import { beginning } from '../../shared/text.ts'

// An entry is at most 65,535 bytes; the hash stands for the whole text, so a longer one is cut for reading.
const maxRedactedBytes = 16_000
const maxRelations = 200
const maxExposed = 50
const maxExposedCharacters = 200
/** Statements, and rules, remembered at once. */
const maxRemembered = 100

interface Remembered {
  readonly redacted: string | undefined
  readonly relations: StatementOperation['relations']
  readonly exposure: StatementOperation['exposure']
  readonly facts: StatementFacts
  again: boolean
}

export class Facts {
  readonly #statements = new Map<string, Remembered>()
  readonly #allowed = new Map<string, DecisionFacts>()
  #policy = ''

  statement(operation: StatementOperation): StatementFacts {
    const key = operation.step + operation.sha256
    const known = this.#statements.get(key)
    if (known !== undefined && isOf(known, operation)) {
      if (!known.again) lasting(known.facts)
      known.again = true
      return known.facts
    }
    const facts = statementFacts(operation)
    if (known === undefined && this.#statements.size >= maxRemembered) this.#statements.clear()
    const { redacted, relations, exposure } = operation
    this.#statements.set(key, { redacted, relations, exposure, facts, again: false })
    return facts
  }

  /** Of a decision to allow. @param policy its hash */
  allowed(rule: string, policy: string): DecisionFacts {
    if (policy !== this.#policy || this.#allowed.size >= maxRemembered) this.#allowed.clear()
    this.#policy = policy
    const known = this.#allowed.get(rule)
    if (known !== undefined) return known
    const facts = lasting<DecisionFacts>({ action: 'allow', rule, policy })
    this.#allowed.set(rule, facts)
    return facts
  }
}

/** All that facts are made of is the same. Text and step are: by them it was found. Analyses are made once and never change. */
function isOf({ facts, redacted, relations, exposure }: Remembered, operation: StatementOperation): boolean {
  return facts.effects === operation.effects && relations === operation.relations && facts.flags === operation.flags
    && exposure === operation.exposure && facts.verb === operation.verb && redacted === operation.redacted
    && facts.partOf === operation.partOf && facts.parameters === operation.parameters.length
}

function statementFacts(operation: StatementOperation): StatementFacts {
  const { step, verb, redacted, sha256, partOf, text, parameters, effects, relations, flags, exposure } = operation
  return {
    step,
    verb,
    ...(redacted === undefined ? {} : { redacted: cut(redacted) }),
    sha256,
    ...(partOf === undefined ? {} : { partOf }),
    length: Buffer.byteLength(text),
    parameters: parameters.length,
    effects,
    relations: relations.slice(0, maxRelations),
    flags,
    ...(exposure === undefined ? {} : { exposure: exposureFacts(exposure) })
  }
}

function exposureFacts({ why, flags, masked, clear }: Exposure): Omit<Exposure, 'action'> {
  const few = (texts: readonly string[]) => texts.slice(0, maxExposed).map((text) => beginning(text, maxExposedCharacters))
  const rules = clear.slice(0, maxExposed)
  const columnsOfEach = Math.floor(maxExposed / Math.max(1, rules.length))
  const fewClear = rules.map(({ rule, columns }) => ({ rule, columns: few(columns.slice(0, columnsOfEach)) }))
  return { why: few(why), flags: few(flags), masked: few(masked), clear: fewClear }
}

/** What a statement that ran has shown; undefined where that is nothing of protected columns. */
export function shownBy(intent: EntryFacts): OutcomeFacts['exposure'] {
  if (intent.kind !== 'statement.intent' || intent.statement.step !== 'execute' || intent.statement.exposure === undefined) return undefined
  const { masked, clear, flags } = intent.statement.exposure
  return masked.length + clear.length + flags.length === 0 ? undefined : { masked, clear, flags }
}

/** By its size in the log, where a control character takes six bytes. */
function cut(text: string): string {
  if (text.length * 6 <= maxRedactedBytes || Buffer.byteLength(JSON.stringify(text)) <= maxRedactedBytes) return text
  let end = Math.min(text.length, maxRedactedBytes)
  while (Buffer.byteLength(JSON.stringify(text.slice(0, end))) > maxRedactedBytes) end = Math.floor(end * 0.8)
  return `${beginning(text, end)} ...`
}
