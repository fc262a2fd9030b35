// Whether sequences tell the twins apart: each under both policies, and some without a gateway, to see that what is held had to be.
import type { PolicyName, Run, Sequence, SequenceTwins } from './sequence.ts'

export interface SequenceCounts {
  sequences: number
  /** Steps taken under the strict policy, and of them let through. */
  steps: number
  released: number
  /** Let through under the default policy with a flag, and of the steps after them that differ, all explained. */
  flagged: number
  explained: number
  /** Of the sequences also run without a gateway: steps that the strict policy holds, and those that really differ. */
  held: number
  heldDiffering: number
  readonly differing: string[]
}

/** @param directly of how many sequences one is run without a gateway as well */
export async function compareSequences(twins: SequenceTwins, sequences: Iterable<Sequence>, directly = 1): Promise<SequenceCounts> {
  const counts: SequenceCounts = { sequences: 0, steps: 0, released: 0, flagged: 0, explained: 0, held: 0, heldDiffering: 0, differing: [] }
  for (const sequence of sequences) {
    counts.sequences++
    const strict = await twins.run(sequence, 'strict')
    counts.steps += strict.length
    counts.released += strict.filter(([shown]) => shown.released).length
    await note(twins, sequence, 'strict', strict, counts)
    const lenient = await twins.run(sequence, 'default')
    counts.flagged += lenient.filter(([shown]) => shown.flags.length > 0).length
    counts.explained += lenient.filter((shown, at) => differs(shown) && isExplained(lenient, at, sequence)).length
    await note(twins, sequence, 'default', lenient, counts)
    if (counts.sequences % directly !== 0 || strict.every(([shown]) => shown.released)) continue
    const direct = await twins.direct(sequence)
    const telling = tellingHeld(strict, direct)
    counts.held += strict.filter(([shown]) => !shown.released).length
    counts.heldDiffering += telling.size
  }
  return counts
}

async function note(twins: SequenceTwins, sequence: Sequence, policy: PolicyName, run: Run, counts: SequenceCounts): Promise<void> {
  const unexplained = (found: Run) => found.findIndex((shown, at) => differs(shown) && !(policy === 'default' && isExplained(found, at, sequence)))
  if (unexplained(run) < 0) return
  // Once more, from databases nobody has used: what was a matter of time does not come again.
  const again = await twins.run(sequence, policy, true)
  const at = unexplained(again)
  if (at < 0) return
  const [a, b] = again[at]!
  counts.differing.push([
    `${policy}, step ${at + 1}:`,
    ...sequence.map(({ on, text }, index) => `  ${index === at ? '>' : ' '} ${on}: ${text}`),
    `    one:   ${readable(a.lines)}`,
    `    other: ${readable(b.lines)}`
  ].join('\n'))
}

export function differs([a, b]: Run[number]): boolean {
  return a.lines.join('\n') !== b.lines.join('\n')
}

/**
 * A difference is explained by flags of its own, or follows from an earlier step of the sequence that ran with flags and
 *   - did more than read, or kept something under a name: what it left behind may be what shows; or
 *   - differed on the same connection: the transaction, or the connection's state, is another one since.
 */
export function isExplained(run: Run, at: number, sequence: Sequence): boolean {
  if (run[at]!.some(({ flags }) => flags.length > 0)) return true
  return run.slice(0, at).some((shown, before) => {
    const ran = shown.every(({ released }) => released) && shown.some(({ flags }) => flags.length > 0)
    const left = shown.some(({ acts }) => acts) || (differs(shown) && sequence[before]!.on === sequence[at]!.on)
    return ran && left
  })
}

/**
 * Held steps without which the twins would look alike, as the run without a gateway shows: those that differ themselves, and the last one
 * before a step that differs though it is let through and nothing in it is masked.
 */
function tellingHeld(strict: Run, direct: Run): Set<number> {
  const telling = new Set<number>()
  let last: number | undefined
  for (const [at, [shown]] of strict.entries()) {
    if (!shown.released) last = at
    if (!differs(direct[at]!)) continue
    if (!shown.released) telling.add(at)
    else if (!shown.masked && last !== undefined) telling.add(last)
  }
  return telling
}

function readable(lines: readonly string[]): string {
  return lines.join(' | ').replace(/[\0-\x1f]+/g, '·').slice(0, 600)
}
