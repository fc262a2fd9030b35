// Checks an event against what the OCSF schema says: attributes it knows, their types, what is required, enumerations, constraints.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Attribute {
  readonly type: string
  readonly requirement: 'required' | 'recommended' | 'optional'
  readonly array?: boolean
  readonly enum?: readonly string[]
  readonly profile?: string
  readonly deprecated?: boolean
}

interface Shape {
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly constraints?: { readonly at_least_one?: readonly string[], readonly just_one?: readonly string[] }
}

interface Type {
  readonly type?: string
  readonly regex?: string
  readonly max_len?: number
  readonly range?: readonly [number, number]
}

interface Schema {
  readonly about: { readonly version: string, readonly license: string }
  readonly types: Readonly<Record<string, Type>>
  readonly classes: Readonly<Record<string, Shape & { readonly name: string }>>
  readonly objects: Readonly<Record<string, Shape>>
}

export const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../vectors/ocsf-1.5.0.json'), 'utf8')) as Schema

type Json = Readonly<Record<string, unknown>>

/** What is wrong with an event, each with its path; nothing where it is valid. */
export function problemsOf(event: Json): string[] {
  const shape = schema.classes[String(event.class_uid)]
  if (shape === undefined) return [`class_uid: ${String(event.class_uid)} is no class`]
  const profiles = (event.metadata as { profiles?: string[] } | undefined)?.profiles ?? []
  return [
    ...checkObject(event, shape, '', profiles),
    ...(event.class_name === shape.name ? [] : ['class_name: is not that of the class'])
  ]
}

function checkObject(value: Json, { attributes, constraints }: Shape, path: string, profiles: readonly string[]): string[] {
  const problems: string[] = []
  for (const [name, { requirement, profile }] of Object.entries(attributes)) {
    const expected = requirement === 'required' && (profile === undefined || profiles.includes(profile))
    if (expected && value[name] === undefined) problems.push(`${path}${name}: is required`)
  }
  for (const [name, member] of Object.entries(value)) {
    const attribute = attributes[name]
    const at = `${path}${name}`
    if (attribute === undefined) problems.push(`${at}: is not an attribute there`)
    else if (attribute.deprecated) problems.push(`${at}: is deprecated`)
    else if (attribute.profile !== undefined && !profiles.includes(attribute.profile)) problems.push(`${at}: is of the profile ${attribute.profile}`)
    else if (attribute.array && !Array.isArray(member)) problems.push(`${at}: is no array`)
    else (attribute.array ? member as unknown[] : [member]).forEach((item) => problems.push(...checkValue(item, attribute, at, profiles)))
  }
  const one = constraints?.at_least_one
  if (one !== undefined && !one.some((name) => value[name] !== undefined)) problems.push(`${path}: has none of ${one.join(', ')}`)
  return problems
}

function checkValue(value: unknown, { type, enum: allowed }: Attribute, at: string, profiles: readonly string[]): string[] {
  if (allowed !== undefined && /^(integer|long)_t$/.test(type) && !allowed.includes(String(value))) return [`${at}: ${String(value)} is none of its values`]
  if (type === 'object' || type === 'json_t') return typeof value === 'object' && value !== null ? [] : [`${at}: is no object`]
  const known = schema.types[type]
  if (known === undefined) {
    const shape = schema.objects[type]
    if (shape === undefined) return [`${at}: the object ${type} is not in the vector`]
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? checkObject(value as Json, shape, `${at}.`, profiles) : [`${at}: is no object`]
  }
  const base = known.type ?? type
  switch (base) {
    case 'integer_t': case 'long_t': {
      if (!Number.isSafeInteger(value)) return [`${at}: is no integer`]
      const [low, high] = known.range ?? [-Infinity, Infinity]
      return (value as number) >= low && (value as number) <= high ? [] : [`${at}: is out of range`]
    }
    case 'boolean_t': return typeof value === 'boolean' ? [] : [`${at}: is no boolean`]
    case 'float_t': return typeof value === 'number' ? [] : [`${at}: is no number`]
    default:
      if (typeof value !== 'string') return [`${at}: is no string`]
      if (known.max_len !== undefined && value.length > known.max_len) return [`${at}: is too long`]
      return known.regex === undefined || new RegExp(`^(?:${known.regex})$`).test(value) ? [] : [`${at}: is no ${type}`]
  }
}
