// What a column's name or comment says it holds: the identifiers of 45 CFR 164.514(b)(2)(i), the "Safe Harbor" list, and the secrets every
// database has. Pure. A guess from words, for a person to look at; nothing is protected because of it.

/** A kind of identifier, and the mask to begin with: what de-identified data may still have, and nothing else. */
export interface IdentifierKind {
  /** In words, as people are told. */
  readonly name: string
  readonly mask: 'redact' | 'null' | 'last4' | 'year' | 'zip3' | 'age90'
}

const kind = (name: string, mask: IdentifierKind['mask'] = 'redact'): IdentifierKind => ({ name, mask })

/** (A) to (R) of the list, in its order; then what is no identifier of the list and yet nobody's business. */
export const kinds = {
  name: kind('name of a person'),
  address: kind('street address'),
  zip: kind('ZIP code', 'zip3'),
  birth: kind('date of birth', 'year'),
  death: kind('date of death', 'year'),
  age: kind('age', 'age90'),
  phone: kind('telephone or fax number'),
  email: kind('e-mail address'),
  ssn: kind('social security number'),
  record: kind('medical record number'),
  beneficiary: kind('health plan beneficiary number'),
  account: kind('account number'),
  // As PCI DSS 3.4 has it.
  card: kind('payment card number', 'last4'),
  iban: kind('bank account (IBAN)'),
  licence: kind('certificate or licence number'),
  passport: kind('passport number'),
  npi: kind('provider number (NPI)'),
  taxpayer: kind('taxpayer number'),
  vehicle: kind('vehicle identifier'),
  device: kind('device identifier'),
  url: kind('web address'),
  ip: kind('IP address'),
  biometric: kind('biometric identifier'),
  photo: kind('photograph'),
  genetic: kind('genetic information'),
  diagnosis: kind('diagnosis'),
  location: kind('position on the map'),
  secret: kind('password or secret', 'null')
} as const satisfies Readonly<Record<string, IdentifierKind>>

export type KindName = keyof typeof kinds

/** Looked for in the words of a name, which are joined by single underscores; the first that matches is it. */
const words: readonly (readonly [RegExp, KindName])[] = [
  [/(^|_)(ssn|social_security(_(number|no|num))?|socialsecurity\w*|sin_number)(_|$)/, 'ssn'],
  [/(^|_)(itin|tin|ein|taxpayer(_id)?|tax_id|steuer_?id|nino)(_|$)/, 'taxpayer'],
  [/(^|_)(mrn|medical_record(_\w+)?|patient_(number|no|num)|chart_(number|no))(_|$)/, 'record'],
  [/(^|_)(beneficiary(_\w+)?|medicare(_\w+)?|medicaid(_\w+)?|mbi|insurance|insurance_(id|number|no|member)|policy_(number|no)|member_(number|no)|subscriber_(id|number|no))(_|$)/, 'beneficiary'],
  [/(^|_)(dob|birth_?(date|day)?|date_of_birth|born(_on|_at)?|geburtsdatum)(_|$)/, 'birth'],
  [/(^|_)(dod|date_of_death|death_?date|died(_on|_at)?|deceased_(on|at|date))(_|$)/, 'death'],
  [/(^|_)age(_years)?$/, 'age'],
  [/(^|_)(e_?mail)(_|$)/, 'email'],
  [/(^|_)(phone|telephone|tel|mobile|cell(_?phone)?|fax|msisdn)(_|$)/, 'phone'],
  [/(^|_)(zip|zip_?code|postal_?code|post_?code|plz)(_|$)/, 'zip'],
  [/(^|_)(card_?number|card_no|pan|credit_?card(_\w+)?|cc_?(num|number))(_|$)/, 'card'],
  [/(^|_)(iban)(_|$)/, 'iban'],
  [/(^|_)(account_?(number|no|num)|acct_?(number|no|num)?|routing_number)(_|$)/, 'account'],
  [/(^|_)(passport(_\w+)?)(_|$)/, 'passport'],
  [/(^|_)(licen[cs]e_?(number|no|num|id|plate)?|driver_?licen[cs]e|dea_(number|no))(_|$)/, 'licence'],
  [/(^|_)npi(_|$)/, 'npi'],
  [/(^|_)(vin|licen[cs]e_plate|number_plate|vehicle_(id|number|no))(_|$)/, 'vehicle'],
  [/(^|_)(imei|imsi|udi|serial_?(number|no)|device_(id|serial)|mac_?address)(_|$)/, 'device'],
  [/(^|_)(ip|ip_?addr(ess)?|remote_addr|client_ip)(_|$)/, 'ip'],
  [/(^|_)(street(_\w+)?|addr(ess)?(_?line)?(_?\d)?|home_address)(_|$)/, 'address'],
  [/(^|_)(home_?page|profile_url|personal_url)(_|$)/, 'url'],
  [/(^|_)(fingerprint|retina|iris_scan|voice_?print|biometric\w*|face_(id|embedding|template))(_|$)/, 'biometric'],
  [/(^|_)(photo(graph)?|portrait|selfie|head_?shot)(_|$)/, 'photo'],
  [/(^|_)(genome|genotype|dna(_\w+)?|snp_?s?)(_|$)/, 'genetic'],
  [/(^|_)(diagnos[ei]s|icd_?(9|10|11)?(_code)?)(_|$)/, 'diagnosis'],
  [/(^|_)(lat(itude)?|lon(gitude)?|lng|geo(_?location|m)?|coordinates)(_|$)/, 'location'],
  [/(^|_)(password|passwd|passphrase|secret|api_?key|private_?key|access_?token|refresh_?token|pin_code)(_|$)/, 'secret'],
  [/(^|_)(first|given|last|family|middle|maiden|full|sur|patient|person|contact|legal)_?name(_|$)|(^|_)surname(_|$)/, 'name']
]

/**
 * @param name of a column, in any style: `homePhone`, `HOME_PHONE`, `home phone`
 * @returns undefined where it says nothing
 */
export function lookAlike(name: string): KindName | undefined {
  const spelled = name.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2').toLowerCase().replace(/[^a-z0-9]+/g, '_')
  return words.find(([pattern]) => pattern.test(spelled))?.[1]
}
