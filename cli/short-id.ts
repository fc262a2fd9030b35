// An id, by what somebody types: all of it, or enough of its beginning or its end. Pure but for the listing it is handed.
import { GatewayError } from '../shared/errors.ts'
import { isId } from '../shared/id.ts'
import type { Id } from '../shared/model.ts'

/** Ids begin with the time, so few letters of the beginning say little; the end is random. */
const minLetters = 4
const maxNamed = 5

export interface Listing {
  /** `reviews`: what ids are of. */
  readonly many: string
  /** The command that lists them. */
  readonly command: string
  /** Asked only where the id is not whole. */
  readonly list: () => Promise<readonly { readonly id: Id }[]>
  /** Where none begins or ends so. */
  readonly none: () => GatewayError
}

/** @throws GatewayError usage when it is no part of an id, or of several; `none` */
export async function wholeId(typed: string, { many, command, list, none }: Listing): Promise<Id> {
  if (isId(typed)) return typed
  if (!new RegExp(`^[a-z0-9]{${minLetters},25}$`).test(typed)) {
    throw new GatewayError('usage', `"${typed}" is no id`, { hint: `give the id, or at least ${minLetters} letters of its beginning or end, as ${command} lists it` })
  }
  const found = (await list()).map(({ id }) => id).filter((id) => id.startsWith(typed) || id.endsWith(typed))
  if (found.length === 1) return found[0]!
  if (found.length === 0) throw none()
  const named = found.slice(0, maxNamed).join(', ')
  throw new GatewayError('usage', `"${typed}" may be ${found.length} ${many}`, { hint: `name one: ${named}${found.length > maxNamed ? ' ...' : ''}` })
}
