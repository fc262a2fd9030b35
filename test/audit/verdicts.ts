// Both verifiers, asked about the same folder: that of the command line, and bin/hoop-audit-verify.mjs as a program of its own.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { prepareVerifying } from '../../cli/audit/verifying.ts'
import type { Problem } from '../../shared/audit/verify.ts'

export const secondVerifier = join(import.meta.dirname, '..', '..', 'bin', 'hoop-audit-verify.mjs')

/** What an auditor gives; files, but for the witnesses' keys, which may be lines as well. */
export interface Given {
  readonly key: string
  readonly checkpoint?: readonly string[]
  readonly witness?: readonly string[]
}

export interface Report {
  readonly ok: boolean
  readonly entries: number
  readonly prunedBefore?: number
  readonly checkpointSize: number
  /** 0: nothing vouches for it, or there is nothing to vouch for. */
  readonly notAnchoredAfter: number
  readonly problems: readonly Problem[]
}

/** The report, or why there is none. */
export type Told = Report | { readonly refused: string }

export async function firstVerdict(directory: string, { key, checkpoint = [], witness = [] }: Given): Promise<Told> {
  try {
    const { verify } = await prepareVerifying(directory, { key, checkpoint, witness })
    return reportFrom(await verify(() => undefined))
  } catch (error) {
    return { refused: (error as Error).message }
  }
}

/** @throws Error when its exit code is not that of what it says */
export async function secondVerdict(directory: string, { key, checkpoint = [], witness = [] }: Given): Promise<Told> {
  const args = [secondVerifier, directory, '--key', key, ...checkpoint.flatMap((file) => ['--checkpoint', file]), ...witness.flatMap((line) => ['--witness', line])]
  const { code, stdout, stderr } = await new Promise<{ code: unknown, stdout: string, stderr: string }>((resolve) => {
    execFile(process.execPath, [...args, '--json'], { maxBuffer: 1e8 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }))
  })
  if (stdout === '') {
    if (code !== 1 || !stderr.startsWith('error: ')) throw new Error(`it ended with ${String(code)}: ${stderr}`)
    return { refused: stderr }
  }
  const report = reportFrom(JSON.parse(stdout) as Report)
  if (code !== (report.ok ? 0 : 1)) throw new Error(`it says ${report.ok ? 'whole' : 'damaged'} and ended with ${String(code)}`)
  return report
}

function reportFrom({ ok, entries, prunedBefore, checkpointSize, notAnchoredAfter = 0, problems }: Partial<Report> & Pick<Report, 'ok' | 'entries' | 'checkpointSize' | 'problems'>): Report {
  return {
    ok,
    entries,
    ...(prunedBefore === undefined ? {} : { prunedBefore }),
    checkpointSize,
    notAnchoredAfter,
    problems
  }
}
