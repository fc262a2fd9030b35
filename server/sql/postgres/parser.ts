// PostgreSQL's own parser as WebAssembly, one package per server major. The only importer of those packages, and the one
// file of this folder that reads anything: the WASM file, once.
import { createRequire } from 'node:module'
import type { Tree } from './tree.ts'

export const majors = [15, 16, 17, 18] as const
export type Major = typeof majors[number]

/** `[begin, end)` are offsets in the text's UTF-8 bytes, without the semicolon; no end means that of the text. */
export interface ParsedStatement {
  readonly tree: Tree
  readonly begin: number
  readonly end: number | undefined
}

/**
 *   syntax_error  the grammar says no
 *   failed        the parser gave up on this text, e.g. nested beyond its stack
 *   busy          it is being replaced after that; the next turn of the event loop finds a new one
 */
export type Parsed =
  | { readonly type: 'tree', readonly statements: readonly ParsedStatement[] }
  | { readonly type: 'syntax_error' | 'failed' | 'busy' }

export interface Parser {
  readonly major: Major
  /** @param text without NUL and lone surrogates: the library ends at the one and replaces the other. Never throws. */
  parse(text: string): Parsed
}

/** Reads functions in PL/pgSQL. Its own grammar hardly changes between majors, and what stands in its expressions is left as text. */
export interface PlPgSqlParser {
  /** @param definition CREATE FUNCTION or PROCEDURE, whole. @returns `{ plpgsql_funcs }`, undefined where unreadable. Never throws. */
  parse(definition: string): Tree | undefined
}

/** What emscripten's loader of libpg_query hands out. Pointers are byte offsets in its memory. */
interface Library {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _free(pointer: number): void
  /** -> struct { char *tree; char *stderr; PgQueryError *error }, to be freed */
  _wasm_parse_query_raw(text: number): number
  _wasm_free_parse_result(result: number): void
  /** -> JSON of the tree, or what is wrong, to be freed. In the package of PostgreSQL 18 only. */
  _wasm_parse_plpgsql(text: number): number
  _wasm_free_string(text: number): void
  getValue(pointer: number, type: 'i32'): number
  stringToUTF8(text: string, pointer: number, maxBytes: number): void
  lengthBytesUTF8(text: string): number
  UTF8ToString(pointer: number): string
}
type LoadLibrary = (options: { instantiateWasm: (imports: object, done: (instance: object) => void) => object }) => Promise<Library>

// @types/node does not declare it.
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<object>
  Instance: new (module: object, imports: object) => object
}

/** An instance starts with 128 MiB of address space, of which it touches some 15. */
const maxMemoryBytes = 256 * 1024 * 1024

/** Takes about 50 ms and 15 MB. @throws Error when the package is not installed or is another major's */
export async function loadParser(major: Major): Promise<Parser> {
  const host = await startHost(major)
  return {
    major,
    parse(text) {
      const answer = host.use((library) => call(library, text))
      if (typeof answer === 'object') return answer
      return answer === undefined ? { type: 'syntax_error' } : statementsOf(answer)
    }
  }
}

/** Likewise; the library of PostgreSQL 18 reads them for all majors. */
export async function loadPlPgSqlParser(): Promise<PlPgSqlParser> {
  const host = await startHost(18)
  return {
    parse(definition) {
      const answer = host.use((library) => callPlPgSql(library, definition))
      return typeof answer === 'string' ? JSON.parse(answer) as Tree : undefined
    }
  }
}

/** The library, replaced by a fresh instance when it may be broken. */
interface Host {
  use<T>(work: (library: Library) => T): T | { readonly type: 'failed' | 'busy' }
}

async function startHost(major: Major): Promise<Host> {
  const require = createRequire(import.meta.url)
  const { readFile } = await import('node:fs/promises')
  const load = require(`libpg-query-${major}/wasm/libpg-query.js`) as LoadLibrary
  const module = await WebAssembly.compile(await readFile(require.resolve(`libpg-query-${major}/wasm/libpg-query.wasm`)))
  const start = () => load({
    instantiateWasm(imports, done) {
      done(new WebAssembly.Instance(module, imports))
      return {}
    }
  })

  let library: Library | undefined = await start()
  const version = (JSON.parse(call(library, 'SELECT 1') as string) as { version: number }).version
  if (Math.floor(version / 10_000) !== major) throw new Error(`the parser for PostgreSQL ${major} says it is ${version}`)

  let replacing = false
  /** A fresh instance of compiled code is ready some microtasks later. */
  const replace = () => {
    if (replacing) return
    replacing = true
    void start().then((fresh) => { library = fresh }, () => undefined).finally(() => { replacing = false })
  }

  return {
    use(work) {
      if (library === undefined) {
        replace()
        return { type: 'busy' }
      }
      try {
        const done = work(library)
        // Its memory never shrinks; the old instance serves until the new one is there.
        if (library.HEAPU8.length > maxMemoryBytes) replace()
        return done
      } catch {
        // A stack overflow or a trap leaves the instance's own stack pointer and contexts where they were: seen to corrupt
        // later parses after some forty of them. Nothing is asked of it again.
        library = undefined
        replace()
        return { type: 'failed' }
      }
    }
  }
}

/** @returns where the text is in the library's memory, to be freed */
function placed(library: Library, text: string): number {
  const bytes = library.lengthBytesUTF8(text) + 1
  const query = library._malloc(bytes)
  if (query === 0) throw new Error('out of memory')
  library.stringToUTF8(text, query, bytes)
  return query
}

/** @returns the tree as JSON, or undefined where the grammar says no. @throws whatever the instance dies of */
function call(library: Library, text: string): string | undefined {
  const query = placed(library, text)
  const result = library._wasm_parse_query_raw(query)
  if (result === 0) throw new Error('out of memory')
  const [tree, error] = [library.getValue(result, 'i32'), library.getValue(result + 8, 'i32')]
  const json = error === 0 ? library.UTF8ToString(tree) : undefined
  library._free(query)
  library._wasm_free_parse_result(result)
  return json
}

/** @returns the tree as JSON, or undefined where it cannot be read. @throws whatever the instance dies of */
function callPlPgSql(library: Library, text: string): string | undefined {
  const query = placed(library, text)
  const result = library._wasm_parse_plpgsql(query)
  library._free(query)
  if (result === 0) throw new Error('out of memory')
  const said = library.UTF8ToString(result)
  library._wasm_free_string(result)
  return said.startsWith('{') ? said : undefined
}

function statementsOf(json: string): Parsed {
  const { stmts = [] } = JSON.parse(json) as { stmts?: { stmt: Tree, stmt_location?: number, stmt_len?: number }[] }
  return {
    type: 'tree',
    // A length of 0, which JSON leaves out, means up to the end of the text.
    statements: stmts.map(({ stmt, stmt_location: begin = 0, stmt_len: bytes }) =>
      ({ tree: stmt, begin, end: bytes === undefined ? undefined : begin + bytes }))
  }
}
