// What is asked for permission of one statement. Pure.
import type { Exposure, StatementOperation } from '../../../shared/model.ts'
import type { AnalyzedStatement } from '../../sql/postgres/index.ts'

type Bound = Pick<StatementOperation, 'parameters' | 'parameterFormats'>

/** Member by member: copying whole objects costs several times as much, and this is done for each statement. */
export function statementOperation(
  { text, sha256, partOf, redacted, effects, relations, functions, effectful, flags, verb }: AnalyzedStatement,
  step: StatementOperation['step'],
  { parameters, parameterFormats }: Bound,
  exposure: Exposure | undefined
): StatementOperation {
  const operation: { -readonly [Name in keyof StatementOperation]: StatementOperation[Name] } = {
    kind: 'statement',
    step,
    text,
    sha256,
    parameters,
    effects,
    relations,
    functions,
    flags,
    verb
  }
  if (parameterFormats !== undefined) operation.parameterFormats = parameterFormats
  if (redacted !== undefined) operation.redacted = redacted
  if (partOf !== undefined) operation.partOf = partOf
  if (effectful !== undefined) operation.effectful = effectful
  if (exposure !== undefined) operation.exposure = exposure
  return operation
}
