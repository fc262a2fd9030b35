// What a recording is told of a session besides what its clients are shown.
import type { SessionEvent } from '../../shared/events.ts'
import type { Operation } from '../../shared/model.ts'
import type { Recorder } from '../recording/recorder.ts'
import { parametersOf } from './hold.ts'

/** @param entries the index of each operation's intent */
export function recordPermitted(recorder: Recorder, connection: number, operations: readonly Operation[], entries: readonly number[]) {
  operations.forEach((operation, i) => {
    if (operation.kind === 'statement') recorder.statement(connection, entries[i]!, operation, parametersOf(operation))
  })
}

/** Of what its people are told, what a replay shows as well. */
export function recordTold(recorder: Recorder, event: SessionEvent): void {
  switch (event.type) {
    case 'decided': {
      const { connection, review, state, by, reason } = event
      return recorder.add({ type: 'decided', review, state, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) }, connection)
    }
    case 'warning': return recorder.add({ type: 'warning', message: event.message })
    default:
  }
}
