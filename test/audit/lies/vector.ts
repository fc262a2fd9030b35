// A lie as the files that are stored of it, and all of them as a table. Pure: nothing is read or written.
import { canonical } from '../../../shared/audit/canonical.ts'
import { given, type Lie, type Verdict } from './lie.ts'
import { sampleOf } from './sample.ts'

/** Files by path below the lie's folder: the log, what the auditor holds, and what has to be said. */
export function vectorOf({ of, lie, holds, verdict }: Lie): Map<string, Buffer> {
  const sample = sampleOf(of)
  lie(sample)
  const { key, witnesses, kept } = given(holds)
  const files = new Map([...sample.copy.files].map(([path, bytes]) => [`log/${path}`, bytes]))
  files.set('key', Buffer.from(`${key}\n`))
  for (const line of witnesses) files.set('witness', Buffer.from(`${line}\n`))
  if (kept !== false) files.set('kept', kept === true ? sample.kept : kept)
  files.set('verdict.json', Buffer.from(`${JSON.stringify(JSON.parse(canonical(verdict)), undefined, 2)}\n`))
  return files
}

/** Between them, the file's text is the table of all. */
export const tableMarks = ['<!-- made by npm run vectors -->', '<!-- to here -->'] as const

export function tableOf(lies: readonly Lie[]): string {
  const rows = lies.map(({ name, changed, verdict }) => `| \`${name}\` | ${changed} | ${told(verdict)} |`)
  return ['| vector | what was changed | what has to be said |', '|---|---|---|', ...rows].join('\n')
}

function told(verdict: Verdict): string {
  if ('whole' in verdict) return `whole, and ${verdict.whole.notAnchoredAfter === 0 ? 'not anchored' : `anchored up to entry ${verdict.whole.notAnchoredAfter - 1}`}`
  const { says, second } = 'refused' in verdict ? { says: verdict.refused, second: verdict.second } : verdict
  const words = second === undefined ? says : `${says} (the second verifier: ${second})`
  if ('refused' in verdict) return `refused: ${words}`
  const { entry, file } = verdict.damaged
  const place = [...(file === undefined ? [] : [`\`${file}\``]), ...(entry === undefined ? [] : [`entry ${entry}`])].join(', ')
  return place === '' ? words : `${place}: ${words}`
}
