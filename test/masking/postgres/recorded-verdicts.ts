// The verdict on each statement of a recording, against the catalog of a server on which it is played meanwhile.
import { analyze } from '../../../server/masking/postgres/analyze.ts'
import type { Finding } from '../../../server/masking/postgres/finding.ts'
import type { World } from '../../../server/masking/postgres/world.ts'
import { loadPlPgSqlParser } from '../../../server/sql/postgres/parser.ts'
import { short } from './kinds.ts'
import { spoken, type Recorded, type Recording } from './recorded.ts'
import { catalogSeenBy, play, type Clinic } from './replay.ts'
import { parserOf, worldOf } from './world.ts'

export interface Verdict {
  readonly recorded: Recorded
  /** In the short form; of several statements in one text, joined. */
  readonly verdict: string
  /** SQLSTATE of what the server answered, if it was an error. */
  readonly failed: string | undefined
}

/** What may have changed the catalog, or the names that statements are read by. */
const moves = /\b(?:CREATE|ALTER|DROP|COMMENT|ROLLBACK|search_path)\b/i

export async function verdictsOn(recording: Recording, clinic: Clinic): Promise<Verdict[]> {
  await clinic.renew()
  const { major } = clinic.server.programs
  const [parser, plpgsql] = await Promise.all([parserOf(major), loadPlPgSqlParser()])
  const found = new Map<Recorded, string>()
  const cursors = new Map<string, Finding>()
  let world: World | undefined
  let moved = true
  const judge = (text: string): string => {
    if (text.trim() === '') return 'nothing'
    const parsed = parser.parse(text)
    if (parsed.type !== 'tree') return 'unreadable'
    return parsed.statements.map(({ tree }) => {
      const finding = analyze(tree, { ...world!, cursors })
      if (finding.defines?.type === 'cursor') cursors.set(finding.defines.name, finding)
      return short(finding)
    }).join(' ; ')
  }
  const named = await clinic.named()
  const played = await play(recording, () => Promise.resolve(clinic.address), named, async (recorded, wire, status) => {
    const text = spoken(recorded.text, named)
    const look = async () => {
      const catalog = await catalogSeenBy(wire, status, major)
      const { rows } = await wire.ask('SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))')
      const searchPath = rows.map(([schema]) => schema!)
      world = { ...await worldOf(catalog, undefined, searchPath), parsePlPgSql: (definition) => plpgsql.parse(definition) }
      moved = false
    }
    if (world === undefined) await look()
    let verdict = judge(text)
    // As the gateway: what may only be out of date is looked up once more.
    if (verdict !== recorded.verdict && moved && (status === 'I' || status === 'T')) {
      await look()
      verdict = judge(text)
    }
    moved ||= moves.test(recorded.text)
    found.set(recorded, verdict)
    return undefined
  })
  return played.map(({ recorded, frames }) => {
    const error = frames.find(({ type }) => type === 'E')
    return { recorded, verdict: found.get(recorded)!, failed: error === undefined ? undefined : /\0C([0-9A-Z]{5})\0/.exec(error.body.toString('latin1'))?.[1] }
  })
}
