// What happens on an open port, as plain lines: where there is no screen, inside a wrapped command, and above the screen.
import type { ErrorCode } from '../../shared/errors.ts'
import type { ConnectionTotals } from '../../shared/events.ts'
import { countedInThousands } from '../counted.ts'
import { endText } from '../reviews/text.ts'
import type { VisitEvent } from './visit.ts'

/**
 * Who reads them.
 *   all      a person or a log, and nothing else tells them
 *   screen   they stand above a screen that shows what is open and what waits
 *   command  a wrapped command's own output should not drown in what goes well
 */
export type LinesFor = 'all' | 'screen' | 'command'

/** @returns what to say of each event, in order; it remembers who has been named */
export function createLines(): (event: VisitEvent, reader: LinesFor) => string[] {
  const names = new Map<number, string>()
  /** What an outage was told as: its reason in detail may change with every try. */
  let lost: ErrorCode | undefined
  const nameOf = (connection: number) => {
    const name = names.get(connection)
    return `connection ${connection}${name === undefined ? '' : ` (${name})`}`
  }

  function named(event: Extract<VisitEvent, { type: 'activity' }>): string[] {
    return event.connections.flatMap(({ connection, client }) => {
      if (client === undefined || names.get(connection) === client) return []
      names.set(connection, client)
      return [`connection ${connection} is ${client}`]
    })
  }

  return (event, reader) => {
    switch (event.type) {
      case 'connection.opened': return reader === 'all' ? [`connection ${event.connection} opened`] : []
      case 'activity': {
        const lines = named(event)
        return reader === 'all' ? lines : []
      }
      case 'connection.closed': {
        const who = nameOf(event.connection)
        names.delete(event.connection)
        if (reader === 'command' && event.error === undefined) return []
        return [`${who} closed${event.error === undefined ? '' : `: ${event.error}`}; ${totalsText(event)}`]
      }
      case 'denied':
        return [`connection ${event.connection}: denied: ${event.reason === '' ? `rule "${event.rule}"` : event.reason}\n${event.statement}`]
      case 'held':
        if (reader === 'screen') return []
        return [
          `connection ${event.connection}: held by rule "${event.rule}", asked: ${event.asked.join(', ')}\n${event.statement}\nto decide: hoop reviews approve ${event.review}`,
          ...(event.reasonWanted ? [`hint: a reason is wanted: hoop reviews reason ${event.review} "..."`] : [])
        ]
      case 'decided': return [`connection ${event.connection}: ${event.review} is ${endText(event.state, event.by, event.reason)}`]
      case 'warning': return [`warning: ${event.message}`, ...hint(event.hint)]
      case 'gateway.lost':
        if (reader === 'screen' || lost === event.code) return []
        lost = event.code
        return [`warning: ${event.reason}; trying again, the port stays open`, ...hint(event.hint)]
      case 'gateway.back':
        lost = undefined
        return ['the gateway is back']
      default: return []
    }
  }
}

/** `12 statements, 3,400 rows, 24 cells of 2 columns masked`; a gateway of before may not say. */
export function totalsText({ statements, rows, maskedColumns, maskedCells }: Partial<ConnectionTotals>): string {
  if (statements === undefined || rows === undefined) return 'what it did is not known'
  const masked = maskedColumns === undefined || maskedColumns === 0 ? [] : [`${countedInThousands(maskedCells ?? 0, 'cell')} of ${countedInThousands(maskedColumns, 'column')} masked`]
  return [countedInThousands(statements, 'statement'), countedInThousands(rows, 'row'), ...masked].join(', ')
}

function hint(text: string | undefined): string[] {
  return text === undefined ? [] : [`hint: ${text}`]
}
