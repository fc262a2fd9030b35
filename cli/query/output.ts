// Results as they come, in one of five forms, in bounded memory. Pure: whoever prints gets pieces of text.
import { safeLine } from '../../shared/text.ts'
import { cellsOf } from '../table.ts'
import { cellFrom, csvFrom, isNumeric, jsonFrom, memberNames } from './values.ts'
import type { Field } from './wire.ts'

/** `auto`: a table, or expanded where a row would be wider than the terminal. */
export type Form = 'table' | 'expanded' | 'auto' | 'csv' | 'json'

/** What prints. `text` is safe to look at; `exact` is the values' own, for programs. */
export interface Sink {
  text(lines: string): void
  exact(text: string): void
  json(value: unknown): void
}

export interface Output {
  fields(fields: readonly Field[]): void
  row(values: readonly (string | null)[]): void
  /** The result is complete. @returns its number of rows; undefined where it had none to have */
  end(): number | undefined
}

/** Rows looked at before a table's widths are fixed; later ones that are wider stand out. */
const lookAhead = 500
const lookAheadCharacters = 256 * 1024
/** Text is handed on in pieces of about this size. */
const pieceCharacters = 64 * 1024

/** @param columns of the terminal, for `auto` */
export function createOutput(form: Form, sink: Sink, columns = Number.POSITIVE_INFINITY): Output {
  const piece: string[] = []
  let characters = 0
  const emit = form === 'csv' ? sink.exact : sink.text
  const put = (line: string) => {
    piece.push(line)
    characters += line.length
    if (characters >= pieceCharacters) flush()
  }
  const flush = () => {
    if (piece.length > 0) emit(piece.join('\n') + '\n')
    piece.length = 0
    characters = 0
  }
  const writers: Readonly<Record<Form, (fields: readonly Field[]) => Writer>> = {
    table: (fields) => tableWriter(fields, put),
    expanded: (fields) => expandedWriter(fields, put),
    auto: (fields) => autoWriter(fields, put, columns),
    csv: (fields) => {
      put(fields.map(({ name }) => csvFrom(name)).join(','))
      return { row: (values) => put(values.map(csvFrom).join(',')), end: () => undefined }
    },
    json: (fields) => {
      const names = memberNames(fields)
      const object = (values: readonly (string | null)[]) =>
        Object.fromEntries(values.map((value, i) => [names[i]!, jsonFrom(value, fields[i]!.oid)]))
      return { row: (values) => sink.json(object(values)), end: () => undefined }
    }
  }
  let writer: Writer | undefined
  let rows = 0
  return {
    fields(fields) {
      rows = 0
      writer = writers[form](fields)
    },
    row(values) {
      rows++
      writer?.row(values)
    },
    end() {
      if (writer === undefined) return undefined
      writer.end()
      writer = undefined
      flush()
      return rows
    }
  }
}

interface Writer {
  row(values: readonly (string | null)[]): void
  end(): void
}

/** Columns as wide as their widest cell among the first rows. One row is one line, whatever a value holds. */
function tableWriter(fields: readonly Field[], put: (line: string) => void): Writer {
  const head = fields.map(({ name }) => safeLine(name))
  const right = fields.map(({ oid }) => isNumeric(oid))
  let waiting: string[][] | undefined = []
  let characters = 0
  let widths = head.map(cellsOf)
  const line = (cells: readonly string[]) => cells.map((cell, i) => {
    const blanks = ' '.repeat(Math.max(0, widths[i]! - cellsOf(cell)))
    return right[i] === true ? blanks + cell : cell + blanks
  }).join('  ').trimEnd()
  const settle = () => {
    if (waiting === undefined) return
    for (const cells of waiting) widths = widths.map((width, i) => Math.max(width, cellsOf(cells[i]!)))
    put(line(head))
    put(widths.map((width) => '-'.repeat(width)).join('  '))
    for (const cells of waiting) put(line(cells))
    waiting = undefined
  }
  return {
    row(values) {
      const cells = values.map((value) => safeLine(cellFrom(value)))
      if (waiting === undefined) return put(line(cells))
      waiting.push(cells)
      for (const cell of cells) characters += cell.length
      if (waiting.length >= lookAhead || characters >= lookAheadCharacters) settle()
    },
    end: settle
  }
}

/** Decided by the rows a table's widths are taken from. */
function autoWriter(fields: readonly Field[], put: (line: string) => void, columns: number): Writer {
  const widths = fields.map(({ name }) => cellsOf(safeLine(name)))
  const waiting: (readonly (string | null)[])[] = []
  let characters = 0
  let chosen: Writer | undefined
  const choose = () => {
    if (chosen !== undefined) return chosen
    const wide = widths.reduce((sum, width) => sum + width, 2 * (widths.length - 1)) > columns
    const writer = chosen = wide ? expandedWriter(fields, put) : tableWriter(fields, put)
    for (const values of waiting.splice(0)) writer.row(values)
    return writer
  }
  return {
    row(values) {
      if (chosen !== undefined) return chosen.row(values)
      waiting.push(values)
      for (const [i, value] of values.entries()) {
        const cell = safeLine(cellFrom(value))
        characters += cell.length
        widths[i] = Math.max(widths[i]!, cellsOf(cell))
      }
      if (waiting.length >= lookAhead || characters >= lookAheadCharacters) choose()
    },
    end: () => choose().end()
  }
}

/** One column a line, for rows wider than the terminal. */
function expandedWriter(fields: readonly Field[], put: (line: string) => void): Writer {
  const names = fields.map(({ name }) => safeLine(name))
  const width = Math.max(...names.map(cellsOf), 0)
  let rows = 0
  return {
    row(values) {
      put(`--- ${++rows} ---`)
      values.forEach((value, i) => put(`${names[i]!}${' '.repeat(width - cellsOf(names[i]!))}  ${safeLine(cellFrom(value))}`))
    },
    end: () => undefined
  }
}
