// The text of an entry as it goes into the log: what canonical() makes of it, and nothing else. The two kinds every statement leaves
// behind are put together of their members' texts, in canonical order, so that members which stay the same are not spelled out again.
import { canonical } from '../../shared/audit/canonical.ts'
import type { EntryFacts, OutcomeFacts, SealedFacts } from '../../shared/audit/entry.ts'
import type { Stamp } from './clock.ts'

/**
 * @param sealed of what is attached to it
 * @returns the text of entry number `index`
 * @throws TypeError where the facts have no canonical form
 */
export type Encode = (facts: EntryFacts, index: number, stamp: Stamp, sealed?: SealedFacts) => string

export function createEncode(origin: string, boot: string): Encode {
  const [originText, bootText] = [canonical(origin), canonical(boot)]

  return (facts, index, { time, monotonic }, sealed) => {
    switch (facts.kind) {
      case 'statement.intent': return `{"actor":${canonical(facts.actor)},"boot":${bootText},"connection":${canonical(facts.connection)},`
        + `"decision":${canonical(facts.decision)},"index":${index},"kind":"statement.intent","monotonic":"${monotonic}",`
        + `"origin":${originText},${sealedText(sealed)}"session":${canonical(facts.session)},"statement":${canonical(facts.statement)},`
        + `"target":${canonical(facts.target)},"time":"${time}","version":1}`
      case 'outcome': return `{"boot":${bootText},"connection":${canonical(facts.connection)},"index":${index},`
        + `"intent":${canonical(facts.intent)},"kind":"outcome","monotonic":"${monotonic}","origin":${originText},`
        + `"outcome":${outcomeText(facts.outcome)},"session":${canonical(facts.session)},"time":"${time}","version":1}`
      default: return canonical({ ...facts, ...(sealed === undefined ? {} : { sealed }), version: 1, index, origin, time, monotonic, boot })
    }
  }
}

function sealedText(sealed: SealedFacts | undefined): string {
  return sealed === undefined ? '' : `"sealed":{"bytes":${sealed.bytes},"sha256":"${sealed.sha256}"},`
}

function outcomeText({ bytes, detected, durationMilliseconds, errorClass, exposure, rows, status }: OutcomeFacts): string {
  let text = bytes === undefined ? '{' : `{"bytes":${canonical(bytes)},`
  if (detected !== undefined) text += `"detected":${canonical(detected)},`
  text += `"durationMilliseconds":${canonical(durationMilliseconds)},`
  if (errorClass !== undefined) text += `"errorClass":${canonical(errorClass)},`
  if (exposure !== undefined) text += `"exposure":${canonical(exposure)},`
  if (rows !== undefined) text += `"rows":${canonical(rows)},`
  return `${text}"status":${canonical(status)}}`
}
