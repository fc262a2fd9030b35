// Finds in a log's folder what proves one entry: its bytes, the tiles on its way to the root, and the best checkpoint that covers it.
import { parseCheckpoint, parseNote } from '../../shared/audit/checkpoint.ts'
import { hashLeaf, verifyInclusion, type Hash } from '../../shared/audit/merkle.ts'
import { proveInclusion, type TreeSource } from '../../shared/audit/proofs.ts'
import { hashInTile, tileBytes, tilePath, tileWidth } from '../../shared/audit/tiles.ts'
import type { TlogProof } from '../../shared/audit/tlog-proof.ts'
import { cosignedFiles } from '../../shared/audit/verify/anchors.ts'
import type { LogFiles } from '../../shared/audit/verify.ts'
import { GatewayError } from '../../shared/errors.ts'
import { framesOf, segmentsOf } from './frames.ts'

/** @throws GatewayError bad_request | not_found that says which file or entry is not as it should be */
export async function proofFrom(files: LogFiles, index: number): Promise<TlogProof> {
  const checkpoint = await checkpointFor(files, index)
  const { size, rootHash } = parseCheckpoint(parseNote(checkpoint).text)
  const [entry] = await entriesOf(files, index, index + 1)
  const proof = await proveInclusion(index, size, sourceOf(files))
  if (!verifyInclusion(hashLeaf(entry!), index, size, proof, rootHash)) {
    throw new GatewayError('bad_request', `entry ${index} and the tiles do not lead to the signed root: the log was changed`, {
      hint: 'hoop audit verify says where'
    })
  }
  return { index, entry: entry!, proof, checkpoint }
}

/** One that witnesses have cosigned, where one covers the entry; the log's own otherwise. */
async function checkpointFor(files: LogFiles, index: number): Promise<Uint8Array> {
  const paths = [...await cosignedFiles(files), 'checkpoint']
  const notes = await Promise.all(paths.map(async (path) => ({ path, note: await files.read(path) })))
  const sized = notes.flatMap(({ path, note }) => {
    if (note === undefined) return []
    try {
      const parsed = parseNote(note)
      return [{ note, size: parseCheckpoint(parsed.text).size, text: parsed.text, lines: parsed.signatures.map(({ line }) => line) }]
    } catch (error) {
      throw new GatewayError('bad_request', `${path} ${(error as Error).message}`, { hint: 'hoop audit verify says more' })
    }
  })
  const own = sized.at(-1)
  if (own === undefined || notes.at(-1)!.note === undefined) throw new GatewayError('bad_request', 'the log has no checkpoint: nothing signed speaks for its entries')
  if (index >= own.size) {
    throw new GatewayError('not_found', `entry ${index} is not covered by the log's checkpoint, which speaks for ${own.size} entries`, {
      hint: 'a checkpoint is signed within ten seconds of an entry while the gateway runs'
    })
  }
  const cosigned = sized.slice(0, -1).filter(({ size }) => size > index).sort((a, b) => b.size - a.size)
  const [best] = cosigned
  if (best === undefined) return own.note
  // Several witnesses may have cosigned the same tree.
  const lines = new Set(cosigned.filter(({ text }) => text === best.text).flatMap(({ lines }) => lines))
  return Buffer.from(`${best.text}\n${[...lines].join('')}`)
}

function sourceOf(files: LogFiles): TreeSource {
  return {
    async tile(path) {
      const tile = await files.read(path)
      if (tile?.length !== tileBytes) throw new GatewayError('bad_request', `${path} is missing or short`, { hint: 'hoop audit verify says more' })
      return tile
    },
    async leaves(from, to) {
      // The tree may have grown since: then the tile is full by now. It may hold the hashes of entries that retention has removed.
      const tile = await files.read(tilePath(0, from / tileWidth))
      if (tile?.length === tileBytes) return Array.from({ length: to - from }, (_, i): Hash => hashInTile(tile, i))
      return (await entriesOf(files, from, to)).map((entry) => hashLeaf(entry))
    }
  }
}

/** Bytes of the entries [from, to): reads the segments they lie in, no others. */
async function entriesOf(files: LogFiles, from: number, to: number): Promise<Uint8Array[]> {
  const firsts = await segmentsOf(files)
  if (from < firsts[0]!) {
    throw new GatewayError('not_found', `entry ${from} is gone: retention has removed the entries before ${firsts[0]}`, { hint: 'a copy of the log from before that still has it' })
  }
  const found: Uint8Array[] = []
  for (const first of firsts.slice(Math.max(0, firsts.findLastIndex((begin) => begin <= from)))) {
    if (first >= to) break
    if (first > from + found.length) throw new GatewayError('bad_request', `entries ${from + found.length} to ${first - 1} are missing`)
    let index = first
    for await (const { frames } of framesOf(files, first)) {
      for (const { bytes, attachment } of frames) {
        if (attachment) continue
        if (index >= from && index < to) found.push(Uint8Array.from(bytes))
        index++
      }
      if (index >= to) break
    }
  }
  if (found.length < to - from) throw new GatewayError('bad_request', `entry ${from + found.length} is missing or damaged`, { hint: 'hoop audit verify says more' })
  return found
}
