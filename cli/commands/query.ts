// `hoop query TARGET [SQL]`: statements from the shell, without a client of one's own and without a credential.
import { InvalidArgumentError, Option, type Command } from 'commander'
import { GatewayError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'
import { collected } from '../collected.ts'
import { clearLines, clearOption, clearWish } from '../clear.ts'
import { helpTail } from '../help.ts'
import { createHolding, NotWaited, type Holding } from '../query/held.ts'
import { createOutput, type Form, type Output } from '../query/output.ts'
import { openPager, type Pager } from '../query/pager.ts'
import { placeLines } from '../query/place.ts'
import { readStatement } from '../query/statement.ts'
import type { QueryConnection, Results } from '../query/wire.ts'
import { withAccess } from '../reviews/access.ts'
import { ReviewPending } from '../reviews/pending.ts'
import type { Terminal } from '../terminal.ts'

interface Flags {
  readonly file?: readonly string[]
  readonly csv?: boolean
  readonly json?: boolean
  readonly expanded?: boolean
  readonly autoExpanded?: boolean
  readonly pager: boolean
  readonly wait?: boolean
  readonly timeout?: number
  readonly reason?: string
  readonly clear?: string
}

export function register(program: Command, context: () => Promise<Context>): void {
  program.command('query')
    .description('Run SQL on a PostgreSQL target and print what comes back; several statements, separated by ";", are one transaction.')
    .argument('<target>', 'as hoop targets lists it')
    .argument('[sql]', 'the statement; absent: from --file, or from stdin where that is no terminal')
    .option('-f, --file <file>', 'read it from a file; "-" is stdin; several: one after the other, each on its own', collected)
    .addOption(new Option('--csv', 'CSV with a head line; NULL is nothing, the empty text is ""').conflicts(['json', 'expanded']))
    .addOption(new Option('--json', 'one JSON object a row; bigint and numeric as text').conflicts(['csv', 'expanded']))
    .addOption(new Option('-x, --expanded', 'one column a line').conflicts(['csv', 'json']))
    .addOption(new Option('--auto-expanded', 'one column a line where a row is wider than the terminal').conflicts(['csv', 'json', 'expanded']))
    .option('--no-pager', 'never page; else what is longer than the screen goes to PAGER (less), on a terminal')
    .option('--wait', 'where a statement is held: wait for the decision; without, it is taken back and the exit code is 8')
    .option('--timeout <time>', 'wait at most so long, such as 90s, 30m or 2h', secondsFrom)
    .option('--reason <text>', 'why, for those who decide')
    .option(...clearOption)
    .addHelpText('after', helpTail([
      ['hoop query prod-db "SELECT count(*) FROM visits"', 'as a table'],
      ['hoop query prod-db --csv -f report.sql > report.csv', 'for a program'],
      ['hoop query prod-db --wait --reason "INC-4711" "DELETE FROM visits WHERE id = 7"', 'what has to be approved']
    ], ['hoop connect', 'hoop reviews', 'hoop help exit-codes']))
    .action(async (target: string, sql: string | undefined, flags: Flags) => query(await context(), target, sql, flags))
}

async function query(context: Context, target: string, sql: string | undefined, flags: Flags): Promise<void> {
  const { terminal, signal, now } = context
  const { wait = false, timeout, reason, json, clear } = flags
  if (timeout !== undefined && !wait) {
    throw new GatewayError('usage', '--timeout says how long to wait, and --wait is missing', { hint: 'hoop query TARGET --wait --timeout 30m' })
  }
  const texts: { readonly file: string | undefined, readonly text: string }[] = []
  let running: typeof texts[number] | undefined
  for (const file of flags.file ?? [undefined]) texts.push({ file, text: await readStatement(context, sql, file) })
  const waiting = { ...(timeout === undefined ? {} : { timeoutSeconds: timeout }), ...(reason === undefined ? {} : { reason }) }
  try {
    const [{ openQuerySession }, gateway] = await Promise.all([import('../query/session.ts'), context.gateway()])
    const request = { target, ...clearWish(clear) }
    const holding = createHolding({ gateway, terminal, now, wait, ...waiting })
    const session = await withAccess(context, { wait, ...waiting }, () => openQuerySession(gateway, request, (event) => {
      holding.tell(event)
      if (event.type === 'warning') terminal.say(`warning: ${event.message}`)
    }))
    for (const line of clearLines(session.opened)) terminal.say(line)
    const cancel = () => session.connection.close()
    signal.addEventListener('abort', cancel, { once: true })
    try {
      for (running of texts) await show(context, running.text, flags, session.connection, holding)
    } catch (error) {
      if (signal.aborted) throw holding.waitsFor === undefined ? signal.reason : cancelledWaiting(holding.waitsFor)
      throw told(await holding.explain(error))
    } finally {
      holding.close()
      signal.removeEventListener('abort', cancel)
      await session.close()
    }
  } catch (error) {
    // A job keeps the id where it keeps everything else it reads.
    const id = error instanceof NotWaited ? error.held.review : error instanceof ReviewPending ? error.review.id : undefined
    if (id !== undefined && json === true) terminal.json({ review: id, state: error instanceof NotWaited ? 'withdrawn' : 'pending' })
    else if (id !== undefined) terminal.out(id)
    throw error
  }

  /** The SQLSTATE stands with the message, and which of several files it is in; where in it, and what else the server says, below it. */
  function told(error: unknown): unknown {
    const { sqlState, detail, position } = error as { sqlState?: string, detail?: string, position?: number }
    if (!(error instanceof GatewayError) || sqlState === undefined) return error
    const place = position === undefined || running === undefined ? [] : placeLines(running.text, position)
    const where = texts.length < 2 || running?.file === undefined ? '' : `${running.file === '-' ? 'stdin' : running.file}: `
    const lines = [`${where}${error.message} (${sqlState})`, ...place, ...(detail === undefined ? [] : [detail])]
    return new GatewayError(error.code, lines.join('\n'), error.hint === undefined ? {} : { hint: error.hint })
  }
}

/** Somebody may have decided at that very moment: the review knows. */
function cancelledWaiting(review: string): GatewayError {
  return new GatewayError('cancelled', 'cancelled while it waited for a review, which is withdrawn', { hint: `hoop reviews show ${review} says how it ended` })
}

/** Runs a text to its end and prints what comes back. */
async function show(context: Context, text: string, flags: Flags, connection: QueryConnection, holding: Holding): Promise<void> {
  const { terminal } = context
  const pager = flags.pager && !forPrograms(flags) ? openPager(context) : undefined
  const onScreen = (lines: string) => terminal.out(lines.replace(/\n$/, ''))
  const sink = { text: pager?.text ?? onScreen, exact: terminal.exact, json: terminal.json }
  const output = createOutput(formOf(flags), sink, terminal.onTerminal ? terminal.columns : undefined)
  try {
    await connection.run(text, into(terminal, pager, output, connection, holding))
  } finally {
    await pager?.close()
  }
}

function forPrograms({ csv, json }: Flags): boolean {
  return csv === true || json === true
}

/** Rows stop coming while what is printed has not been taken. */
function into(terminal: Terminal, pager: Pager | undefined, output: Output, connection: QueryConnection, holding: Holding): Results {
  let rows = 0
  const breathe = () => {
    connection.pause()
    void Promise.all([terminal.flush(), pager?.flush()]).then(() => connection.resume())
  }
  return {
    fields: (fields) => output.fields(fields),
    row: (values) => {
      output.row(values)
      if (++rows % 1000 === 0) breathe()
    },
    copied: (bytes) => {
      terminal.exact(Buffer.from(bytes).toString('utf8'))
      if (++rows % 1000 === 0) breathe()
    },
    done: (tag) => {
      const count = output.end()
      pager?.fits()
      terminal.say(count === undefined ? tag : count === 1 ? '1 row' : `${count} rows`)
    },
    notice: ({ severity, message, detail, hint }) => {
      if (holding.repeats(message)) return
      terminal.say([`${severity.toLowerCase()}: ${message}`, ...(detail === undefined ? [] : [detail]), ...(hint === undefined ? [] : [`hint: ${hint}`])].join('\n'))
    }
  }
}

function formOf({ csv, json, expanded, autoExpanded }: Flags): Form {
  if (csv === true || json === true) return csv === true ? 'csv' : 'json'
  return expanded === true ? 'expanded' : autoExpanded === true ? 'auto' : 'table'
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

function secondsFrom(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? []
  const seconds = Number(count) * (unitSeconds[unit ?? ''] ?? Number.NaN)
  if (seconds > 0 && seconds <= 86_400) return seconds
  throw new InvalidArgumentError('a time such as 90s, 30m or 2h, at most 24h.')
}
