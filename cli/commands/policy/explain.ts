// `hoop policy explain TARGET [SQL]`: what would happen to a statement, without running it.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { explanationLines } from '../../policy/explanation.ts'
import { readStatement } from '../../query/statement.ts'

interface Flags {
  readonly file?: string
  readonly database?: string
  readonly json?: boolean
}

export function register(policy: Command, context: () => Promise<Context>): void {
  policy.command('explain')
    .description('Say what would happen to a statement: what is masked, where it comes from, and which rule decides. Nothing runs.')
    .argument('<target>', 'as hoop targets lists it')
    .argument('[sql]', 'the statement; absent: from --file, or from stdin where that is no terminal')
    .option('-f, --file <file>', 'read it from a file; "-" is stdin')
    .option('--database <name>', 'where the target serves more than one')
    .option('--json', 'one JSON object')
    .addHelpText('after', helpTail([
      ['hoop policy explain prod-db "SELECT name, ssn FROM patients"', 'column by column'],
      ['hoop policy explain prod-db -f report.sql', 'before somebody waits for it'],
      ['hoop policy explain prod-db --json "SELECT 1" | jq .statements[0].decision', 'for a program']
    ], ['hoop policy check', 'hoop query', 'hoop targets']))
    .action(async (target: string, sql: string | undefined, { file, database, json }: Flags) => {
      const opened = await context()
      const statement = await readStatement(opened, sql, file, 'hoop policy explain TARGET "SELECT 1", or -f FILE, or pipe it in')
      const explanation = await (await opened.gateway()).explain(target, { statement, ...(database === undefined ? {} : { database }) })
      if (json === true) return opened.terminal.json(explanation)
      for (const line of explanationLines(explanation)) opened.terminal.out(line)
    })
}
