// What was opened, as people read it and as programs do. Pure.
import { timeFrom } from '../table.ts'
import type { OpenedStatement } from '../../shared/audit/sealed.ts'
import type { Opened } from './open.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The exact text stands between lines of our own, which nothing in it can imitate: each of its lines is set in. */
export function openedLines({ entry, statements }: Opened): string[] {
  const who = 'actor' in entry && entry.actor !== undefined ? entry.actor.email ?? entry.actor.subject : 'nobody'
  const lines = [`entry ${entry.index}: ${entry.kind}, ${timeFrom(entry.time)} UTC, ${who}${'target' in entry ? `, ${entry.target.name}` : ''}`]
  for (const [i, { text, parameters, formats }] of statements.entries()) {
    lines.push('', `${statements.length === 1 ? 'statement' : `statement ${i + 1} of ${statements.length}`} (${text.length} bytes, hash as in the log):`)
    lines.push(...textFrom(text).split('\n').map((line) => `  ${line}`))
    if (parameters.length > 0) lines.push('parameters:')
    lines.push(...parameters.map((value, at) => `  $${at + 1} = ${valueFrom(value, formatOf(formats, at))}`))
  }
  return lines
}

/** Bytes as base64 where they are no text. */
export function openedJson({ entry, statements }: Opened): object {
  return {
    entry,
    statements: statements.map(({ sha256, text, parameters, formats }) => ({
      sha256,
      ...(isText(text) ? { text: utf8.decode(text) } : { textBase64: Buffer.from(text).toString('base64') }),
      parameters: parameters.map((value, at) => value === null
        ? null
        : {
            format: formatOf(formats, at) === 1 ? 'binary' : 'text',
            ...(formatOf(formats, at) !== 1 && isText(value) ? { text: utf8.decode(value) } : {}),
            base64: Buffer.from(value).toString('base64')
          })
    }))
  }
}

function formatOf(formats: OpenedStatement['formats'], at: number): number {
  return (formats.length === 1 ? formats[0] : formats[at]) ?? 0
}

function valueFrom(value: Uint8Array | null, format: number): string {
  if (value === null) return 'NULL'
  // JSON's quotes show where it ends, and keep it on its line.
  return format !== 1 && isText(value) ? JSON.stringify(utf8.decode(value)) : `\\x${Buffer.from(value).toString('hex')} (${value.length} bytes)`
}

export function textFrom(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function isText(bytes: Uint8Array): boolean {
  try {
    utf8.decode(bytes)
    return true
  } catch {
    return false
  }
}
