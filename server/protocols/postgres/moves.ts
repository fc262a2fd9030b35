// Which statements may change what unqualified names mean to those after them. Pure.
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'

const endsSettings = new Set(['RESET', 'DISCARD', 'ROLLBACK', 'COMMIT', 'END', 'ABORT'])

/** Whether unqualified names may mean something else after it. */
export function movesNames({ verb, text, effects, functions }: Pick<AnalyzedStatement, 'verb' | 'text' | 'effects' | 'functions'>): boolean {
  const [word] = verb.split(' ')
  if (word === 'SET') return /search_path|schema|role|authorization/i.test(text)
  return endsSettings.has(word!) || effects.includes('unknown') || functions.some((name) => name.endsWith('set_config'))
}
