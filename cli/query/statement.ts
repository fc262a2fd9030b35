// Where the statement of `hoop query` and the like comes from: the words typed, a file, or stdin.
import { readFile } from 'node:fs/promises'
import { GatewayError } from '../../shared/errors.ts'
import type { Context } from '../context.ts'

/** PostgreSQL's messages may be larger; a statement that a person is to read is not. */
const maxStatementBytes = 16 * 1024 * 1024
const forQuery = 'hoop query TARGET "SELECT 1", hoop query TARGET -f FILE, or pipe it in'

/** @throws GatewayError usage when there is none, or two */
export async function readStatement(
  { terminal, signal }: Pick<Context, 'terminal' | 'signal'>,
  typed: string | undefined,
  file: string | undefined,
  hint = forQuery
): Promise<string> {
  if (typed !== undefined && file !== undefined) throw new GatewayError('usage', 'the statement is typed, and --file names another', { hint })
  if (typed === undefined && file === undefined && terminal.interactive) throw new GatewayError('usage', 'no statement is given', { hint })
  const text = typed ?? (file === undefined || file === '-' ? await terminal.input(maxStatementBytes, signal) : await contentOf(file))
  if (text.includes('\0')) throw new GatewayError('usage', 'a statement cannot hold the character NUL')
  if (text.trim() === '') throw new GatewayError('usage', file === undefined || file === '-' ? 'the statement is empty' : `${file} is empty`, { hint })
  return text
}

async function contentOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new GatewayError('usage', `${file} ${error.code === 'ENOENT' ? 'does not exist' : error.code === 'EISDIR' ? 'is a folder' : `cannot be read (${error.code ?? 'unknown error'})`}`)
  })
  if (bytes.length > maxStatementBytes) throw new GatewayError('usage', `${file} is larger than ${maxStatementBytes >> 20} MiB`)
  try {
    // A byte order mark is no part of the statement.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new GatewayError('usage', `${file} is not UTF-8`)
  }
}
