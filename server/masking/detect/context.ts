// What a value is called: words in front of it, or its column's name, without which a run of digits is only a number. Pure.

/** Values that are told by what they are called. `version` tells that something is none. */
export type Named =
  'ssn' | 'phone' | 'mrn' | 'birth' | 'account' | 'health' | 'license' | 'zip' | 'device' | 'card' | 'version'

/** Lower case, words apart by one of `_` `-` and blank, or nothing. */
const words: Readonly<Record<Named, readonly string[]>> = {
  ssn: ['ssns?', 'social', 'social security', 'soc sec', 'itin', 'tax id', 'taxpayer', 'tax payer'],
  phone: ['phones?', 'tel', 'telephone', 'fax', 'mobile', 'cell', 'cellphone', 'call', 'called', 'sms', 'whatsapp', 'pager', 'ph', 'phone home', 'phone work'],
  mrn: ['mrns?', 'medical record', 'med rec', 'chart', 'patient id', 'patient no', 'patient number', 'patient nr', 'hospital no', 'hospital number'],
  birth: ['dob', 'd o b', 'birth', 'birthday', 'birthdate', 'birth date', 'date of birth', 'born'],
  account: ['account', 'acct', 'a/c', 'iban', 'routing', 'bank account', 'account id'],
  health: ['member', 'subscriber', 'policy', 'medicare', 'medicaid', 'beneficiary', 'insurance', 'health plan', 'insured', 'mbi', 'hicn', 'group no'],
  license: ['license', 'licence', 'driver', 'drivers license', 'dl', 'passport', 'dea', 'npi', 'certificate', 'registration', 'plate'],
  zip: ['zip', 'zip code', 'zipcode', 'postal', 'postal code', 'postcode'],
  device: ['imei', 'serial', 'device', 'udi', 'implant', 'pacemaker'],
  card: ['card', 'credit', 'debit', 'visa', 'mastercard', 'amex', 'pan', 'cc'],
  version: ['version', 'ver', 'v', 'release', 'section', 'chapter', 'build']
}

/** Words that may stand between a name and its value. */
const between = ['no', 'num', 'number', 'nr', 'id', 'code', 'is', 'was', 'of', 'on', 'at', 'in', 'date']

const kinds = Object.keys(words) as Named[]
const alternatives = kinds.map((kind) => `(${words[kind].map((word) => word.replaceAll(' ', '[\\s_.-]?')).join('|')})`).join('|')
const called = new RegExp(`(?:^|[^a-z])(?:${alternatives})(?:[\\s_.#:-]*(?:${between.join('|')})(?![a-z]))*[^a-z0-9]{0,8}$`)
const namedLike = new RegExp(`(?:^|[^a-z])(?:${alternatives})(?![a-z])`, 'g')

/** Longest stretch in front of a value that is looked at, bytes. */
const reach = 48
/** Between a name and its value: `": "`, ` = `. */
const maxGap = 8

const zero = 0x30
const nine = 0x39

/** By their last word, hashed: most numbers stand behind none of these, and are not looked at any closer. */
const lastWords = new Uint8Array(4096)
for (const word of [...Object.values(words).flat(), ...between]) {
  for (const form of word.endsWith('s?') ? [word.slice(0, -2), word.slice(0, -1)] : [word]) {
    let hash = 0
    for (const character of [...form.replace(/^.*[^a-z]/, '')].reverse()) hash = next(hash, character.charCodeAt(0))
    lastWords[hash & 4095] = 1
  }
}

function next(hash: number, letter: number): number {
  return (Math.imul(hash, 31) + letter) | 0
}

/** What the words in front of bytes[at] call it. */
export function calledBefore(bytes: Uint8Array, begin: number, at: number): Named | undefined {
  if (!mayBeCalled(bytes, begin, at)) return undefined
  let text = ''
  for (let from = Math.max(begin, at - reach); from < at; from++) text += String.fromCharCode(bytes[from]!)
  return firstOf(called.exec(apart(text)))
}

/** What a column's name says of its values; the names may be several. */
export function calledBy(columnName: string): ReadonlySet<Named> {
  return new Set([...apart(columnName).matchAll(namedLike)].flatMap((match) => firstOf(match) ?? []))
}

function firstOf(match: RegExpExecArray | null): Named | undefined {
  return match === null ? undefined : kinds[match.slice(1).findIndex((group) => group !== undefined)]
}

/** patientSsn and PatientSSN are two words. */
function apart(text: string): string {
  return text.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

/** Cheap, and never wrong about a no: most numbers stand behind no word that names anything. */
export function mayBeCalled(bytes: Uint8Array, begin: number, at: number): boolean {
  const least = Math.max(begin, at - maxGap - 1)
  let from = at - 1
  for (; from >= least; from--) {
    const byte = bytes[from]!
    if (isLetter(byte)) break
    if (byte >= zero && byte <= nine) return false
  }
  if (from < least) return false
  let hash = 0
  for (const first = Math.max(begin, from - 16); from >= first && isLetter(bytes[from]!); from--) {
    hash = next(hash, bytes[from]! | 0x20)
    if (lastWords[hash & 4095] === 1) return true
  }
  return false
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a
}
