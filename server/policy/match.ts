// Which principals, targets and names a rule speaks of. Pure; every match takes time linear in what is matched.
import type { Principal, Target } from '../../shared/model.ts'

type Values = string | readonly string[] | undefined

/** Whom and what a rule is about, as it is written. */
export interface About {
  readonly who?: { readonly group?: Values, readonly subject?: Values, readonly issuer?: Values, readonly kind?: Values } | undefined
  readonly targets?: Readonly<Record<string, string | readonly string[]>> | undefined
}

export function matchesPrincipal({ who }: About, principal: Principal): boolean {
  if (who === undefined) return true
  const { group, subject, issuer, kind } = who
  return (group === undefined || listed(group).some((one) => principal.groups.includes(one)))
    && (subject === undefined || listed(subject).includes(principal.subject))
    && (issuer === undefined || listed(issuer).includes(principal.issuer))
    && (kind === undefined || listed<string>(kind).includes(principal.kind))
}

export function matchesTarget({ targets }: About, target: Target): boolean {
  if (targets === undefined) return true
  return Object.entries(targets).every(([key, values]) => {
    const actual = key === 'name' ? target.name : Object.hasOwn(target.labels, key) ? target.labels[key] : undefined
    return actual !== undefined && listed(values).includes(actual)
  })
}

/** A field that takes one value or several. */
export function listed<Value extends string>(value: Value | readonly Value[]): readonly Value[] {
  return typeof value === 'string' ? [value] : value
}

/** True for the whole text; `*` stands for any run of characters. */
export type Glob = (text: string) => boolean

/** Each piece between stars is looked for once, leftmost first, which is enough when stars match anything. */
export function glob(pattern: string): Glob {
  const [head = '', ...pieces] = pattern.split('*')
  if (pieces.length === 0) return (text) => text === pattern
  const tail = pieces.pop()!
  return (text) => {
    if (!text.startsWith(head)) return false
    let at = head.length
    for (const piece of pieces) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return text.length - tail.length >= at && text.endsWith(tail)
  }
}

/**
 * How a name is matched where the text names no schema, and so the search path decides which one is meant:
 *   any     yes if it could be the one: for refusing
 *   proven  yes only if it is, wherever it is found: for allowing
 */
export type Certainty = 'any' | 'proven'

/**
 * A pattern for `schema.name` or `name`.
 *
 *   pattern       text          any  proven
 *   public.a      public.a      yes  yes
 *   public.a      a             yes  no     (the search path may say another schema)
 *   *.a           public.a, a   yes  yes
 *   a             a             yes  yes
 *   a             public.a      yes  no     (the pattern means what the search path finds)
 *   *             public.a, a   yes  yes
 */
export function namePattern(pattern: string, certainty: Certainty): (name: Name) => boolean {
  const { schema, name } = splitName(pattern)
  const matchesName = glob(name)
  const matchesSchema = schema === undefined ? undefined : glob(schema)
  return (actual) => {
    if (!matchesName(actual.name)) return false
    if (actual.schema === undefined) return certainty === 'any' || schema === undefined || schema === '*'
    return matchesSchema === undefined ? certainty === 'any' || name === '*' : matchesSchema(actual.schema)
  }
}

export interface Name {
  readonly schema: string | undefined
  readonly name: string
}

/** Splits at the last dot outside quotes: `a."b.c"` -> `a` and `"b.c"`. */
export function splitName(text: string): Name {
  let quoted = false
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === '"') quoted = !quoted
    else if (text[at] === '.' && !quoted) return { schema: text.slice(0, at), name: text.slice(at + 1) }
  }
  return { schema: undefined, name: text }
}
