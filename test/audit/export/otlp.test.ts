// OTLP requests against the protocol's own definitions, version 1.9.0, and what a log record says.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { otlpRecord, otlpRequest } from '../../../server/audit/export/forms/otlp.ts'
import { canonical } from '../../../shared/audit/canonical.ts'
import { intent } from '../sample.ts'
import { origin } from '../logs-origin.ts'
import { Definitions } from './proto.ts'
import { records, recordOf } from './samples.ts'

const definitions = new Definitions(['logs_service', 'logs', 'common', 'resource']
  .map((file) => join(import.meta.dirname, `../../vectors/otlp-1.9.0/${file}.proto`)))
const problems = (text: string) => definitions.problems(JSON.parse(text), 'ExportLogsServiceRequest')

interface Request { resourceLogs: { resource: object, scopeLogs: { logRecords: LogRecord[] }[] }[] }
interface LogRecord {
  severityNumber: number
  eventName: string
  timeUnixNano: string
  body: object
  attributes: { key: string, value: object }[]
}

describe('the check itself', () => {
  test('has read the definitions', () => {
    expect(definitions.messages).toEqual(expect.arrayContaining(['ExportLogsServiceRequest', 'ResourceLogs', 'ScopeLogs', 'LogRecord', 'KeyValue', 'AnyValue', 'Resource']))
  })

  const good = otlpRequest([otlpRecord(recordOf(intent()))], origin, '0.1.0')
  test.each<[string, (record: Record<string, unknown>) => void, RegExp]>([
    ['a field nobody knows', (record) => { record.colour = 'red' }, /colour: is not a field of LogRecord/],
    ['a name as the proto file writes it', (record) => { record.event_name = 'x' }, /event_name/],
    ['a time as a number', (record) => { record.timeUnixNano = 1 }, /timeUnixNano: is no fixed64/],
    ['a severity by name', (record) => { record.severityNumber = 'SEVERITY_NUMBER_INFO' }, /severityNumber: is no/],
    ['a severity that does not exist', (record) => { record.severityNumber = 99 }, /severityNumber: is no/],
    ['two values at once', (record) => { record.body = { stringValue: 'a', boolValue: true } }, /another of "value"/],
    ['an integer that is none', (record) => { record.body = { intValue: '1.5' } }, /intValue: is no int64/],
    ['attributes that are no list', (record) => { record.attributes = {} }, /attributes: is no array/]
  ])('finds %s', (_, spoil, problem) => {
    const request = JSON.parse(good) as Request
    spoil(request.resourceLogs[0]!.scopeLogs[0]!.logRecords[0] as unknown as Record<string, unknown>)
    expect(problems(JSON.stringify(request))).toEqual([expect.stringMatching(problem)])
  })
})

describe('an OTLP request', () => {
  test.each(records)('with %s is valid', (_, record) => {
    expect(problems(otlpRequest([otlpRecord(record)], origin, '0.1.0'))).toEqual([])
  })

  test('says which gateway it is from, and of a statement who, on what and what', () => {
    const request = JSON.parse(otlpRequest([otlpRecord(recordOf(intent()))], origin, '0.1.0')) as Request
    const [{ resource, scopeLogs }] = request.resourceLogs as [Request['resourceLogs'][0]]
    expect(resource).toEqual({ attributes: expect.arrayContaining([
      { key: 'service.name', value: { stringValue: 'hoop' } },
      { key: 'service.instance.id', value: { stringValue: origin } }
    ]) as object })
    const record = scopeLogs[0]!.logRecords[0]!
    expect(record).toMatchObject({ severityNumber: 9, eventName: 'hoop.statement.intent', timeUnixNano: `${Date.parse('2026-11-25T21:00:00.123Z')}000000` })
    const source = recordOf(intent())
    expect(record.body).toEqual({ stringValue: source.kind === 'entry' ? canonical(source.entry) : '' })
    expect(Object.fromEntries(record.attributes.map(({ key, value }) => [key, value]))).toMatchObject({
      'log.record.uid': { stringValue: `${origin}/7` },
      'user.id': { stringValue: 'u-1042' },
      'db.system.name': { stringValue: 'postgresql' },
      'db.namespace': { stringValue: 'clinic' },
      'server.address': { stringValue: 'db.internal' },
      'server.port': { intValue: '5432' },
      'db.query.text': { stringValue: 'select name, birth_date from patients where id = ?' }
    })
  })
})
