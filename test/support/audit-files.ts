// Reads a log's entries from its segment files, as an auditor with nothing but the files would; checks nothing, which is verify's work.
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEntry } from '../../shared/audit/entry.ts'

/**
 * Every complete frame: length u32 (bit 31 marks a batch, bit 30 a piece of an attachment, which is passed over), CRC u32, JSON.
 * @param from index of the first entry wanted
 */
export async function readEntries(directory: string, from = 0): Promise<AuditEntry[]> {
  const segments = (await readdir(join(directory, 'segments')).catch(() => [])).sort()
  const begin = Math.max(0, segments.findLastIndex((name) => Number(name) <= from))
  const entries: AuditEntry[] = []
  for (const segment of segments.slice(begin)) {
    const bytes = await readFile(join(directory, 'segments', segment))
    let index = Number(segment)
    for (let at = 0; bytes.length - at >= 8;) {
      const field = bytes.readUInt32BE(at)
      const end = at + 8 + (field & 0x3fff_ffff)
      if (end > bytes.length) break
      if ((field & 0x4000_0000) === 0 && index++ >= from) entries.push(JSON.parse(bytes.toString('utf8', at + 8, end)) as AuditEntry)
      at = end
    }
  }
  return entries
}
