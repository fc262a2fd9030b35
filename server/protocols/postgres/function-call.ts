// The fast-path FunctionCall as an operation, so that its refusal is decided and written down like any other. Pure.
import { createHash } from 'node:crypto'
import type { StatementOperation } from '../../../shared/model.ts'
import type { Frame } from './wire/frames.ts'
import { Reader } from './wire/reader.ts'

/**
 *   function  uint32, object id; the arguments behind it are not looked at
 */
export function functionCall(frame: Frame): StatementOperation {
  const text = `function call ${new Reader(frame.body, 'FunctionCall').uint32()}`
  return {
    kind: 'statement',
    step: 'execute',
    text,
    redacted: text,
    sha256: createHash('sha256').update(frame.body).digest('hex'),
    parameters: [],
    effects: ['unknown'],
    relations: [],
    functions: [],
    flags: ['function_call'],
    verb: 'FUNCTION CALL'
  }
}
