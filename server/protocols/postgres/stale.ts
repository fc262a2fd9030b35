// What a client is told of a statement that was judged by what does not hold any more, and so did not run. Pure.
import { GatewayError } from '../../../shared/errors.ts'

export function schemaChanged(): GatewayError {
  return new GatewayError('cancelled', 'the database\'s schema has changed under this statement, so it was not run', { hint: 'run it again' })
}

export function protectionChanged(): GatewayError {
  return new GatewayError('cancelled', 'what is protected from you has changed under this statement, so it was not run', { hint: 'run it again' })
}
