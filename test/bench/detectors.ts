// How fast text is searched for identifiers. Prints figures; not a test. Run: npx tsx test/bench/detectors.ts
import { detectorKinds, Detector, defaultKinds } from '../../server/masking/detectors.ts'

const words = 'the patient was seen again today and reports no pain since last week when the dressing was changed by the nurse on the ward'.split(' ')
const prose = (i: number) => Array.from({ length: 20 }, (_, k) => words[(i * 7 + k * 3) % words.length]).join(' ')
/** Values of a column, made from their number. */
const columns: Record<string, (i: number) => string> = {
  prose: prose,
  'prose, some numbers': (i) => `${prose(i)} ${i % 90} times in ${i % 12} weeks. BP ${110 + i % 40}/${70 + i % 20}.`,
  'short names': (i) => words[i % words.length]!,
  timestamps: (i) => `2024-0${1 + i % 9}-1${i % 9} 1${i % 9}:2${i % 9}:3${i % 9}.${String(i * 7919 % 1e6).padStart(6, '0')}`,
  uuids: (i) => `${(i * 2654435761 >>> 0).toString(16).padStart(8, '0')}-e29b-41d4-a716-${String(i).padStart(12, '0')}`,
  JSON: (i) => JSON.stringify({ id: i, state: 'open', note: prose(i), count: i % 17, total: i * 31 }),
  'ten-digit numbers': (i) => String(1_000_000_000 + i),
  'one in ten holds an SSN': (i) => `${prose(i)}${i % 10 === 0 ? ` ssn 123-45-${1000 + i % 8999}` : ''}`,
  'e-mail addresses': (i) => `user${i}@example.com`
}

console.log('column                     bytes a value      MB/s    hits a value')
for (const kinds of [defaultKinds, detectorKinds]) {
  console.log(kinds === defaultKinds ? 'as by default' : 'and dates, ZIP codes')
  for (const [name, value] of Object.entries(columns)) {
    const values = Array.from({ length: 20_000 }, (_, i) => Buffer.from(value(i)))
    const bytes = Buffer.concat(values)
    const ends = values.map((one) => one.length)
    const detector = new Detector(kinds, 'body')
    let hits = 0
    const once = () => {
      hits = 0
      for (let i = 0, at = 0; i < ends.length; at += ends[i++]!) hits += detector.find(bytes, at, at + ends[i]!).length
    }
    for (let i = 0; i < 5; i++) once()
    const rates = Array.from({ length: 9 }, () => {
      const began = performance.now()
      once()
      return bytes.length / (performance.now() - began) / 1000
    }).sort((a, b) => a - b)
    console.log(`${name.padEnd(26)} ${(bytes.length / values.length).toFixed(0).padStart(9)} ${rates[4]!.toFixed(0).padStart(13)} ${(hits / values.length).toFixed(2).padStart(14)}`)
  }
}
