// Checks JSON against proto3 definitions read from their own files: fields it knows, by their JSON names, and the values each type takes.
// Knows of the language what the OTLP definitions use.
import { readFileSync } from 'node:fs'

interface Field {
  readonly type: string
  readonly repeated: boolean
  /** Fields of one "oneof" exclude each other. */
  readonly oneof: string | undefined
}
type Message = ReadonlyMap<string, Field>

export class Definitions {
  readonly #messages = new Map<string, Message>()
  readonly #enums = new Map<string, ReadonlySet<number>>()

  constructor(files: readonly string[]) {
    for (const file of files) this.#read(readFileSync(file, 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, ''))
  }

  get messages(): readonly string[] { return [...this.#messages.keys()] }

  /** What is wrong with a value as this message, each with its path. */
  problems(value: unknown, message: string, path = ''): string[] {
    const fields = this.#messages.get(message)
    if (fields === undefined) throw new Error(`there is no message ${message}`)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: is no ${message}`]
    const chosen = new Set<string>()
    return Object.entries(value).flatMap(([name, member]) => {
      const [field, at] = [fields.get(name), `${path}.${name}`]
      if (field === undefined) return [`${at}: is not a field of ${message}`]
      if (field.oneof !== undefined && chosen.has(field.oneof)) return [`${at}: another of "${field.oneof}" is there`]
      if (field.oneof !== undefined) chosen.add(field.oneof)
      if (field.repeated && !Array.isArray(member)) return [`${at}: is no array`]
      return (field.repeated ? member as unknown[] : [member]).flatMap((item) => this.#value(item, field.type, at))
    })
  }

  #value(value: unknown, type: string, at: string): string[] {
    const wrong = [`${at}: is no ${type}`]
    const whole = (low: bigint, high: bigint) => /^-?\d+$/.test(String(value)) && BigInt(value as string) >= low && BigInt(value as string) <= high
    switch (type) {
      case 'string': return typeof value === 'string' ? [] : wrong
      case 'bool': return typeof value === 'boolean' ? [] : wrong
      case 'double': return typeof value === 'number' ? [] : wrong
      case 'bytes': return typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) ? [] : wrong
      case 'uint32': case 'fixed32': return typeof value === 'number' && whole(0n, 2n ** 32n - 1n) ? [] : wrong
      case 'fixed64': return typeof value === 'string' && whole(0n, 2n ** 64n - 1n) ? [] : wrong
      case 'int64': return typeof value === 'string' && whole(-(2n ** 63n), 2n ** 63n - 1n) ? [] : wrong
      default: {
        const short = type.split('.').at(-1)!
        const values = this.#enums.get(short)
        // OTLP has enumerations as numbers, never as names.
        if (values !== undefined) return typeof value === 'number' && values.has(value) ? [] : wrong
        return this.problems(value, short, at)
      }
    }
  }

  #read(text: string): void {
    for (const [, name, body] of text.matchAll(/\benum (\w+) \{([^}]*)\}/g)) {
      this.#enums.set(name!, new Set([...body!.matchAll(/=\s*(\d+)\s*[;[]/g)].map(([, number]) => Number(number))))
    }
    for (const [, name, body] of text.matchAll(/\bmessage (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}/g)) {
      const fields = new Map<string, Field>()
      const oneofs = [...body!.matchAll(/\boneof (\w+) \{([^}]*)\}/g)]
      const add = (source: string, oneof: string | undefined) => {
        for (const [, repeated, type, field] of source.matchAll(/(?:^|[;{}])\s*(repeated )?([\w.]+) (\w+)\s*=\s*\d+/g)) {
          if (type !== 'reserved') fields.set(jsonName(field!), { type: type!, repeated: repeated !== undefined, oneof })
        }
      }
      add(body!.replace(/\boneof \w+ \{[^}]*\}/g, ';'), undefined)
      for (const [, oneof, inside] of oneofs) add(inside!, oneof)
      this.#messages.set(name!, fields)
    }
  }
}

function jsonName(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
