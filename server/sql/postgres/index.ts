// SQL as PostgreSQL reads it: text in, facts about its statements out. The door to this folder. Pure but for loading the parser.
import { hash } from 'node:crypto'
import { GatewayError } from '../../../shared/errors.ts'
import type { StatementFlag, StatementOperation } from '../../../shared/model.ts'
import { createCache } from './cache.ts'
import { readerOf } from './effects.ts'
import { scan } from './lexer.ts'
import { loadParser, majors, type Major, type Parser, type ParsedStatement } from './parser.ts'
import { redact } from './redact.ts'
import { relayFacts, type RelayFacts } from './relay-facts.ts'
import { kindOf } from './tree.ts'
import { verbOf } from './verb.ts'

export type { Major } from './parser.ts'

/** Longer texts are not parsed, and `unknown`. */
export const maxTextBytes = 1024 * 1024
/** Likewise. An INSERT of 65,535 parameters in rows of two fits; what fits takes 0.2 to 0.4 s at worst. */
export const maxTokens = 200_000
/** Likewise. */
export const maxStatements = 10_000

const maxCachedTexts = 5_000
const maxCachedBytes = 16 * 1024 * 1024

export interface Analyzer {
  readonly major: Major
  /** The parser it reads with, for whoever needs trees. */
  readonly parser: Parser
  /** Never throws: what cannot be read is `unknown`. */
  analyze(text: string): Analysis
}

/**
 *   statements    may be empty: an empty query string
 *   syntax_error  one statement, with that flag and effect `unknown`; only the server's own parser should be asked
 */
export type Analysis =
  | { readonly type: 'statements', readonly statements: readonly AnalyzedStatement[] }
  | { readonly type: 'syntax_error', readonly statement: AnalyzedStatement }

export interface AnalyzedStatement extends RelayFacts,
  Pick<StatementOperation, 'redacted' | 'effects' | 'relations' | 'functions' | 'effectful' | 'flags' | 'verb'> {
  /** The piece of the string this statement is; the whole text where it is the only one. */
  readonly text: string
  /** Of the UTF-8 bytes of `text`, lower-case hex. */
  readonly sha256: string
  /** Likewise of the whole string, where it has other statements besides. */
  readonly partOf?: string
}

const analyzers = new Map<Major, Promise<Analyzer>>()

/**
 * One for all connections to servers of a major: it takes 50 ms and 15 MB to load and knows nothing of who asks.
 * @throws GatewayError target_refused when there is no parser for that major
 */
export async function loadAnalyzer(major: number): Promise<Analyzer> {
  const known = majors.find((candidate) => candidate === major)
  if (known === undefined) {
    throw new GatewayError('target_refused', `the target is PostgreSQL ${major}, whose SQL hoop cannot read`, {
      hint: `hoop reads that of PostgreSQL ${majors[0]} to ${majors.at(-1)}`
    })
  }
  let analyzer = analyzers.get(known)
  if (analyzer === undefined) {
    analyzer = loadParser(known).then(createAnalyzer)
    analyzers.set(known, analyzer)
    // Tried again by the next connection.
    analyzer.catch(() => analyzers.delete(known))
  }
  return analyzer
}

export function createAnalyzer(parser: Parser): Analyzer {
  const read = readerOf(parser.major)
  const cache = createCache<Analysis>(maxCachedTexts, maxCachedBytes)

  return {
    major: parser.major,
    parser,
    analyze(text) {
      const seen = cache.get(text)
      if (seen !== undefined) return seen
      const { analysis, lasting } = fresh(text)
      if (lasting) cache.set(text, analysis, weightOf(text, analysis))
      return analysis
    }
  }

  /** `lasting`: the same text will always get this answer. */
  function fresh(text: string): { analysis: Analysis, lasting: boolean } {
    try {
      if (/^[ \t\n\r\f]*$/.test(text)) return { analysis: { type: 'statements', statements: [] }, lasting: true }
      // The parser would end at a NUL and read U+FFFD for a lone surrogate: something else than the server would get.
      if (text.includes('\0') || /\p{Surrogate}/u.test(text)) return { analysis: syntaxError(text), lasting: true }
      if (isTooLong(text)) return { analysis: unreadable(text, 'TOO LONG'), lasting: true }
      const parsed = parser.parse(text)
      switch (parsed.type) {
        case 'tree': return { analysis: { type: 'statements', statements: statementsOf(text, parsed.statements) }, lasting: true }
        case 'syntax_error': return { analysis: syntaxError(text), lasting: true }
        case 'failed': return { analysis: unreadable(text, 'UNREADABLE'), lasting: true }
        case 'busy': return { analysis: unreadable(text, 'UNREADABLE'), lasting: false }
      }
    } catch {
      // A tree nobody expected is read by nobody.
      return { analysis: unreadable(text, 'UNREADABLE'), lasting: true }
    }
  }

  function statementsOf(text: string, parsed: readonly ParsedStatement[]): AnalyzedStatement[] {
    if (parsed.length === 1) return [statement(text, parsed[0]!, [])]
    const bytes = Buffer.from(text)
    const partOf = sha256(text)
    return parsed.map((one) => ({ ...statement(bytes.toString('utf8', one.begin, one.end), one, ['multiple']), partOf }))
  }

  function statement(text: string, { tree }: ParsedStatement, flags: readonly StatementFlag[]): AnalyzedStatement {
    const [kind, node] = kindOf(tree)
    const facts = read(tree)
    const redacted = redact(text)
    return {
      text,
      sha256: sha256(text),
      ...(redacted === undefined ? {} : { redacted }),
      verb: verbOf(kind, node),
      ...facts,
      flags: [...facts.flags, ...flags],
      ...relayFacts(kind, node, read)
    }
  }
}

/** Nothing of the text may be shown: where it does not parse, nobody knows what was meant as a constant. */
function syntaxError(text: string): Analysis {
  return { type: 'syntax_error', statement: { ...unknown(text, 'SYNTAX ERROR'), flags: ['syntax_error'] } }
}

function unreadable(text: string, verb: string): Analysis {
  return { type: 'statements', statements: [unknown(text, verb)] }
}

function unknown(text: string, verb: string): AnalyzedStatement {
  return { text, sha256: sha256(text), verb, effects: ['unknown'], relations: [], functions: [], flags: [] }
}

function isTooLong(text: string): boolean {
  if (text.length > maxTextBytes || Buffer.byteLength(text) > maxTextBytes) return true
  if (text.length <= maxStatements) return false
  let [tokens, semicolons] = [0, 0]
  scan(text, (_, begin) => {
    if (text[begin] === ';') semicolons++
    return ++tokens <= maxTokens && semicolons <= maxStatements
  })
  return tokens > maxTokens || semicolons > maxStatements
}

function sha256(text: string): string {
  return hash('sha256', text)
}

function weightOf(text: string, analysis: Analysis): number {
  const pieces = analysis.type === 'statements' ? analysis.statements : [analysis.statement]
  return pieces.reduce((sum, piece) => sum + 500 + 2 * (piece.text.length + (piece.redacted?.length ?? 0)), 2 * text.length)
}
