// What a request brings: its body and query, bounded, and checked against a strict schema before anything looks at them.
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { GatewayError } from '../../shared/errors.ts'
import { HttpRefusal } from './problem.ts'

export const maxBodyBytes = 64 * 1024

/**
 * What a person writes for others and the audit log to read. Longer than a reason may be, so that the answer says how long that is.
 * Half of a pair of surrogates is no text, and the log takes none.
 */
export const personsText = z.string().max(16_000).regex(/^\P{Surrogate}*$/u, 'not valid Unicode')

/** @throws GatewayError bad_request naming the field | limit_exceeded for a body over 64 KiB */
export async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T> {
  // No form of a web page can send this type without asking first, and nothing here answers that question.
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new HttpRefusal(415, 'bad_request', 'the body must be application/json')
  }
  return checked(schema, parseJson(await readAll(request)), 'the body')
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** @throws GatewayError bad_request */
export function refuseBody(request: IncomingMessage): void {
  if (hasBody(request)) {
    throw new GatewayError('bad_request', 'this path takes no body')
  }
}

/** @throws GatewayError bad_request naming the parameter, not its value: it may be a token that does not belong there */
export function readQuery<T>(query: Readonly<Record<string, readonly string[]>>, schema: z.ZodType<T>): T {
  const entries = Object.entries(query)
  const twice = entries.find(([, values]) => values.length > 1)
  if (twice !== undefined) throw new GatewayError('bad_request', 'a query parameter is given twice')
  return checked(schema, Object.fromEntries(entries.map(([name, [value]]) => [name, value])), 'the query')
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const tooLarge = () => new HttpRefusal(413, 'limit_exceeded', `the body is larger than ${maxBodyBytes / 1024} KiB`)
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // Leaving the loop early must not destroy the socket the answer goes out on.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBodyBytes) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof GatewayError) throw error
    throw new GatewayError('bad_request', 'the body ended early')
  }
  return Buffer.concat(chunks)
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as unknown
  } catch {
    throw new GatewayError('bad_request', 'the body is not JSON')
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  // Own, but not enumerated by every checker: refused before any of them sees it.
  if (typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')) throw new GatewayError('bad_request', `${where} has an unknown field`)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = issue!.path.join('.')
  const what = issue!.code === 'unrecognized_keys' ? 'has an unknown field' : issue!.message
  throw new GatewayError('bad_request', path === '' ? `${where}: ${what}` : `${where}: ${path}: ${what}`)
}
