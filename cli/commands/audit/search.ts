// `hoop audit search DIR`: what somebody asked, of what, when, and how it ended, from the log's files.
import { Option, type Command } from 'commander'
import { looked, readEntries } from '../../audit/entries.ts'
import { checkKinds, matcher, type DecisionWord, type Filter } from '../../audit/search.ts'
import { Stories, type Told } from '../../audit/statements.ts'
import { entryLine, entryHead } from '../../audit/words.ts'
import { collected } from '../../collected.ts'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { openLogFiles } from '../../log-files.ts'
import { sinceFrom } from '../../since.ts'
import { room, tableLines } from '../../table.ts'
import { wholeNumber } from '../../whole-number.ts'

interface Flags {
  readonly person?: string
  readonly relation?: string
  readonly column?: string
  readonly decision?: DecisionWord
  readonly target?: string
  readonly session?: string
  readonly since?: string
  readonly until?: string
  readonly kind: readonly string[]
  readonly limit: number
  readonly json?: boolean
}

/** Rows whose widths are looked at together. */
const page = 200

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('search')
    .description('Find statements in an audit log by person, relation, column, time or decision. Proves nothing: hoop audit verify does.')
    .argument('<dir>', 'the log\'s folder, or a copy of it')
    .option('--person <person>', 'e-mail address or subject; whoever acts for them, too')
    .option('--relation <name>', 'a table or view, with its schema or without')
    .option('--column <name>', 'a protected column that was masked, shown in clear, or looked at')
    .addOption(new Option('--decision <word>', 'what was decided').choices(['allowed', 'held', 'denied']))
    .option('--target <target>', 'on this target only')
    .option('--session <id>', 'in this session only')
    .option('--since <time>', 'not older than, such as 2h, 7d or 2026-01-31')
    .option('--until <time>', 'older than')
    .option('--kind <kind>', 'entries of this kind instead, such as login or review.vote; give it once for each', collected, [])
    .option('--limit <count>', 'at most this many', wholeNumber(1, 999_999_999), 1000)
    .option('--json', 'one JSON object a line: the entry, and its outcome')
    .addHelpText('after', helpTail([
      ['hoop audit search ./audit --person ann@example.com --since 7d', 'what Ann asked this week'],
      ['hoop audit search ./audit --column patients.ssn', 'every statement that had to do with a protected column'],
      ['hoop audit search ./audit --kind login --kind token --json', 'other entries, for a program']
    ], ['hoop audit open', 'hoop audit report', 'hoop audit verify']))
    .action(async (directory: string, flags: Flags) => search(await context(), directory, flags))
}

async function search({ terminal, signal, now }: Context, directory: string, flags: Flags): Promise<void> {
  const { kind, limit, json, since, until, ...rest } = flags
  const filter: Filter = {
    ...rest,
    ...(since === undefined ? {} : { since: sinceFrom(since, now()) }),
    ...(until === undefined ? {} : { until: sinceFrom(until, now()) }),
    ...(kind.length === 0 ? {} : { kinds: kind })
  }
  checkKinds(kind)
  const isWanted = matcher(filter)
  const stories = new Stories()
  const asTables = tables((line) => terminal.out(line), room(terminal))
  const printer = paged(json === true ? (told) => told.forEach((one) => terminal.json(one)) : asTables)
  let [read, found, more] = [0, 0, false]
  const files = await openLogFiles(directory)
  const progress = terminal.progress(() => `searching: ${read.toLocaleString('en-US')} entries, ${found} found`)
  try {
    for await (const entries of readEntries(files, filter)) {
      signal.throwIfAborted()
      for (const entry of entries) {
        const wanted = !more && looked(entry, () => isWanted(entry))
        more ||= wanted && found === limit
        if (wanted && !more) found++
        printer.add(looked(entry, () => stories.take(entry, wanted && !more)))
      }
      read += entries.length
      await terminal.flush()
      if (more && !stories.waiting) break
    }
  } finally {
    progress.done()
  }
  printer.add(stories.rest())
  printer.end()
  if (found === 0) terminal.say(`no ${kind.length > 0 ? 'entry' : 'statement'} is like that`)
  if (more) terminal.say(`there are more than these ${limit}: narrow it down, or give --limit`)
}

/** Hands on a page at a time. */
function paged(print: (told: readonly Told[]) => void) {
  let waiting: Told[] = []
  return {
    add(told: readonly Told[]) {
      for (const one of told) waiting.push(one)
      if (waiting.length >= page) this.end()
    },
    end() {
      if (waiting.length > 0) print(waiting)
      waiting = []
    }
  }
}

/** Tables without end: the head once, widths page by page. */
function tables(out: (line: string) => void, columns: number): (told: readonly Told[]) => void {
  let headed = false
  return (told) => {
    const lines = tableLines(entryHead, told.map((one) => looked(one.entry, () => entryLine(one))), columns)
    lines.slice(headed ? lines.length / (told.length + 1) : 0).forEach(out)
    headed = true
  }
}
