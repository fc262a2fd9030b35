import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detect, detectorKinds, Detector, kindNames, type DetectorKind } from '../../server/masking/detectors.ts'

function found(text: string, column = 'body', kinds?: readonly DetectorKind[]): string[] {
  const bytes = Buffer.from(text)
  return detect(bytes, column, kinds).map(({ kind, begin, end }) => `${kind}: ${bytes.toString('utf8', begin, end)}`)
}

describe('nothing is found in', () => {
  test.each([
    '', 'no number at all', 'ssn', 'one @ two', 'a@b', 'a@b.', '@example.com', 'a@@b.com', 'x@localhost',
    // Areas, groups and serials that were never given out
    '000-12-3456', '666-12-3456', '900-12-3456', '123-00-4567', '123-45-0000', 'ssn 000123456',
    // Longer than it, or part of something
    '1123-45-67890', '123-45-67890', '0123-45-6789', '123-45-6789-1', 'x_123-45-6789', '123.45.6789', '123 45 6789', '123456789', 'id 123456789',
    '555-0199', '123-456-7890', '555-123-4567', '411-911-1234', '1234567890', '2345678901',
    // Right length, wrong check digit; not a card's beginning
    '4111 1111 1111 1112', '4111111111111112', '9999999999999995', '0.4111111111111111', '1700000000000000', '4111 1111-1111 1111',
    'DE88 3704 0044 0532 0130 00', 'XX89370400440532013000', '1M8GDM9A0KP042788', 'AB1234567', '1SG4TE5MK73',
    '256.1.1.1', '1.2.3', '1.2.3.4.5', 'v1.2.3.4', 'version 10.2.3.4', '127.0.0.1', '0.0.0.0', '01.2.3.4', '12:30:45', '1::2::3', 'std::vector<a::b>', 'fe80:12:34',
    '00:00:00:00:00:00', 'http:/x', 'http://', '://x.y', 'note: //comment', 'xmlns="http://www.w3.org/2001/XMLSchema"', '"system": "http://hl7.org/fhir/sid/us"', 'aww.b',
    '2024-01-02', '2024-01-02T10:11:12.123456+00', '12 March 1980', '02115-1234', 'MA 02115', 'born 2024-13-02', 'dob 1980-02-30', 'born in 12 places',
    '550e8400-e29b-41d4-a716-446655440000', 'da39a3ee5e6b4b0d3255bfef95601890afd80709', '978-3-16-148410-0',
    '{"a":1234567,"b":[12:34]}', 'order 1234567', '120/80', '1,234,567.89', '3 of 4 cases, 10-12 mg', '{"count":1234567,"total":99.5}', 'bp 110/70, hr 72, temp 98.6', 'chart 12'
  ])('%j', (text) => expect(found(text)).toEqual([]))
})

describe('is found:', () => {
  test.each<[string, readonly string[]]>([
    ['ssn is 123-45-6789.', ['ssn: 123-45-6789']],
    ['123-45-6789', ['ssn: 123-45-6789']],
    ['SSN-123-45-6789', ['ssn: 123-45-6789']],
    ['987-65-4321', ['ssn: 987-65-4321']],
    ['social security number: 123456789', ['ssn: 123456789']],
    ['{"patientSsn":"123456789"}', ['ssn: 123456789']],
    ['{"ssn":123456789}', ['ssn: 123456789']],
    ['tax id 123 45 6789', ['ssn: 123 45 6789']],
    ['1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 123-45-6789 18', ['ssn: 123-45-6789']],
    ['mail ada.lovelace+x@sub.example.co.uk, please', ['email: ada.lovelace+x@sub.example.co.uk']],
    ['<mailto:o\'hara@example.com>', ['email: o\'hara@example.com']],
    ['jürgen@müller.de', ['email: jürgen@müller.de']],
    ['x@example.xn--p1ai', ['email: x@example.xn--p1ai']],
    ['5551234567@vtext.com', ['email: 5551234567@vtext.com']],
    ['call (555) 234-5678', ['phone: (555) 234-5678']],
    ['555-234-5678; 555.234.5678; 1-800-234-5678', ['phone: 555-234-5678', 'phone: 555.234.5678', 'phone: 1-800-234-5678']],
    ['+44 20 7946 0958 and +12125550100', ['phone: +44 20 7946 0958', 'phone: +12125550100']],
    ['Tel: 234-5678, fax no. 2345678901', ['phone: 234-5678', 'phone: 2345678901']],
    ['4111 1111 1111 1111', ['credit-card: 4111 1111 1111 1111']],
    ['5500-0000-0000-0004 378282246310005 3782 822463 10005 6011111111111117', ['credit-card: 5500-0000-0000-0004', 'credit-card: 378282246310005', 'credit-card: 3782 822463 10005', 'credit-card: 6011111111111117']],
    ['DE89 3704 0044 0532 0130 00, GB82WEST12345698765432', ['iban: DE89 3704 0044 0532 0130 00', 'iban: GB82WEST12345698765432']],
    ['MRN: 00123456', ['mrn: 00123456']],
    ['MRN#AB123456, medical record number 555-0001', ['mrn: AB123456', 'mrn: 555-0001']],
    ['1EG4-TE5-MK73', ['health-plan: 1EG4-TE5-MK73']],
    ['MBI 1EG4TE5MK73', ['health-plan: 1EG4TE5MK73']],
    ['Medicare no. 123456789', ['health-plan: 123456789']],
    ['acct # 00123456', ['account: 00123456']],
    ['driver\'s license D1234567', ['license: D1234567']],
    ['DEA AB1234563', ['license: AB1234563']],
    ['vin 1M8GDM9AXKP042788', ['vin: 1M8GDM9AXKP042788']],
    ['imei 490154203237518', ['device: 490154203237518']],
    ['00:1a:2b:3c:4d:5e', ['device: 00:1a:2b:3c:4d:5e']],
    ['see https://x.example.com/a?b=1#c, or (www.example.org).', ['url: https://x.example.com/a?b=1#c', 'url: www.example.org']],
    ['"http:\\/\\/a.example\\/x"', ['url: http:\\/\\/a.example\\/x']],
    ['from 10.1.2.3:5432', ['ip: 10.1.2.3']],
    ['fe80::1ff:fe23:4567:890a', ['ip: fe80::1ff:fe23:4567:890a']],
    ['2001:db8:0:0:1:0:0:1', ['ip: 2001:db8:0:0:1:0:0:1']],
    ['DOB: 1980-03-12T00:00:00Z', ['date-of-birth: 1980-03-12']],
    ['born 12 March 1980, dob 3/12/80, birth date: 12.03.1980', ['date-of-birth: 12 March 1980', 'date-of-birth: 3/12/80', 'date-of-birth: 12.03.1980']],
    ['date of birth March 12, 1980', ['date-of-birth: March 12, 1980']],
    ['\\n123-45-6789\\nada@example.com', ['ssn: 123-45-6789', 'email: ada@example.com']]
  ])('%j', (text, expected) => expect(found(text)).toEqual(expected))

  test.each<[string, string, string]>([
    ['ssn', '123456789', 'ssn'],
    ['patient_ssn', '123 45 6789', 'ssn'],
    ['homePhone', '2345678', 'phone'],
    ['mrn', '00123456', 'mrn'],
    ['date_of_birth', '1980-03-12', 'date-of-birth'],
    ['account_no', '12345678', 'account'],
    ['passport', 'X1234567', 'license']
  ])('in a column %s: %s', (column, text, kind) => {
    expect(found(text, column)).toEqual([`${kind}: ${text}`])
    expect(found(text, 'n')).toEqual([])
  })

  test('dates and ZIP codes, where they are asked for', () => {
    expect(found('on 2024-01-02 or Jan 3, 2024, at 10:11', 'body', ['date'])).toEqual(['date: 2024-01-02', 'date: Jan 3, 2024'])
    expect(found('Boston, MA 02115; zip 10001, 94110-1234', 'body', ['zip'])).toEqual(['zip: 02115', 'zip: 10001', 'zip: 94110-1234'])
  })

  test('only what is asked for', () => {
    const text = 'ssn 123-45-6789, a@b.com, 10.1.2.3, https://example.com'
    for (const kind of detectorKinds) expect(found(text, 'body', [kind]).every((one) => one.startsWith(`${kind}: `))).toBe(true)
    expect(found(text, 'body', ['email'])).toEqual(['email: a@b.com'])
  })
})

test('every kind has a name for people', () => {
  expect(Object.keys(kindNames)).toEqual([...detectorKinds])
})

describe('whatever the text,', () => {
  const pieces = fc.constantFrom(
    '123-45-6789', 'a@b.com', '10.1.2.3', '4111111111111111', '(', ')', ' ', '-', '.', '/', ':', '::', '@', '+', '1', '22', '333', '4444', '55555', '\\', '\\n', '\\u00e9',
    'http://', 'www.', 'ssn ', 'tel', 'DE89', '_', '"', 'é', 'x', 'Mar', '\0', '9'.repeat(30)
  )
  const texts = fc.oneof(fc.string(), fc.array(pieces, { maxLength: 30 }).map((all) => all.join('')), fc.string({ unit: fc.constantFrom(...'0123456789-.:@ /+()ab') }))

  test('hits are within it, ascending, apart, and the same in the middle of other bytes', () => {
    fc.assert(fc.property(texts, (text) => {
      const bytes = Buffer.from(text)
      const hits = detect(bytes, 'body', detectorKinds)
      let at = 0
      for (const { begin, end } of hits) {
        expect(begin).toBeGreaterThanOrEqual(at)
        expect(end).toBeGreaterThan(begin)
        at = end
      }
      expect(at).toBeLessThanOrEqual(bytes.length)
      const around = Buffer.concat([Buffer.from('12'), bytes, Buffer.from('34')])
      const inside = new Detector(detectorKinds, 'body').find(around, 2, 2 + bytes.length)
      expect(inside).toEqual(hits.map((hit) => ({ ...hit, begin: hit.begin + 2, end: hit.end + 2 })))
    }), { numRuns: 2000 })
  })

  test('an SSN with dashes between words is found, and is what is found', () => {
    const area = fc.integer({ min: 1, max: 899 }).filter((number) => number !== 666)
    const ssn = fc.tuple(area, fc.integer({ min: 1, max: 99 }), fc.integer({ min: 1, max: 9999 }))
      .map(([first, group, serial]) => `${String(first).padStart(3, '0')}-${String(group).padStart(2, '0')}-${String(serial).padStart(4, '0')}`)
    const word = fc.constantFrom('patient', 'says:', '(', '"', 'on', ',', '\t', '\n', 'é')
    fc.assert(fc.property(fc.array(word), ssn, fc.array(word), (before, number, after) => {
      expect(found([...before, number, ...after].join(' '), 'body', ['ssn'])).toEqual([`ssn: ${number}`])
    }))
  })

  test.each([
    ['digits', '1'.repeat(1_000_000)],
    ['dashes between digits', '1-'.repeat(500_000)],
    ['at signs', '@'.repeat(1_000_000)],
    ['names of hosts', `${'a@b.'.repeat(250_000)}`],
    ['colons', ':'.repeat(1_000_000)],
    ['words', 'a1'.repeat(500_000)],
    ['dots', 'www.'.repeat(250_000)],
    ['schemes', 'http://'.repeat(150_000)]
  ])('a megabyte of %s takes no more than a few seconds of this process', (_, text) => {
    const began = process.cpuUsage()
    detect(text, 'body', detectorKinds)
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1_000_000).toBeLessThan(5)
  })
})
