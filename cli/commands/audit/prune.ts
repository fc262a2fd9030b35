// `hoop audit prune`: has old entries removed. One admin proposes, another one confirms; the gateway does it, and writes it down first.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { room, tableLines, timeFrom } from '../../table.ts'
import type { PruneProposal } from '../../../shared/api.ts'
import { GatewayError } from '../../../shared/errors.ts'

interface Flags {
  readonly before?: string
  readonly reason?: string
  readonly confirm?: string
  readonly json?: boolean
}

export function register(audit: Command, context: () => Promise<Context>): void {
  audit.command('prune')
    .description('Remove the oldest entries of the gateway\'s audit log: propose it, confirm another admin\'s proposal, or list them (admins only).')
    .option('--before <date>', 'propose that whole segments older than this go')
    .option('--reason <text>', 'with --before: why, for the log')
    .option('--confirm <id>', 'have another admin\'s proposal carried out; what goes is gone')
    .option('--json', 'as JSON')
    .addHelpText('after', helpTail([
      ['hoop audit prune --before 2020-01-01 --reason "six years are over"', 'propose'],
      ['hoop audit prune', 'list what is proposed'],
      ['hoop audit prune --confirm 01k5b2y8v4s0q9m3t7x6c1n0ad', 'confirm, as somebody else']
    ], ['hoop audit verify']))
    .action(async ({ before, reason, confirm, json }: Flags) => {
      if (before !== undefined && confirm !== undefined) throw new GatewayError('usage', '--before and --confirm are two people\'s')
      if (before !== undefined && reason === undefined) throw new GatewayError('usage', 'say why: --reason')
      const { terminal, gateway } = await context()
      const client = await gateway()
      if (confirm !== undefined) {
        const done = await client.confirmPrune(confirm)
        if (json === true) return terminal.json(done)
        return terminal.out(`entries before ${done.first} are removed, entry ${done.entry} says so; their hashes stay, and the rest verifies as before`)
      }
      if (before === undefined) {
        const proposals = await client.prunes()
        if (json === true) return terminal.json(proposals)
        for (const line of listLines(proposals, room(terminal))) terminal.out(line)
        return
      }
      const proposal = await client.proposePrune({ before: dateFrom(before), reason: reason! })
      if (json === true) return terminal.json(proposal)
      for (const line of proposalLines(proposal)) terminal.out(line)
    })
}

function dateFrom(text: string): string {
  const time = /^\d{4}-\d\d-\d\d(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw new GatewayError('usage', `"${text}" is no date`, { hint: 'such as 2020-01-01, UTC' })
  return new Date(time).toISOString()
}

/** Pure. */
export function proposalLines({ id, first, entries, bytes, newest, expiresAt }: PruneProposal): string[] {
  return [
    `proposed: ${entries} entries before ${first} go, ${Math.round(bytes / 2 ** 20)} MiB, the newest of ${timeFrom(newest)} UTC`,
    `until ${timeFrom(expiresAt)} UTC another admin can run: hoop audit prune --confirm ${id}`
  ]
}

/** Pure. */
export function listLines(proposals: readonly PruneProposal[], columns = Infinity): string[] {
  if (proposals.length === 0) return ['nothing is proposed']
  const head = ['PROPOSAL', 'ENTRIES', 'NEWEST (UTC)', 'BY', 'UNTIL (UTC)', 'REASON']
  return tableLines(head, proposals.map(({ id, entries, newest, requestedBy, expiresAt, reason }) =>
    [id, String(entries), timeFrom(newest), requestedBy, timeFrom(expiresAt), reason]), columns)
}
