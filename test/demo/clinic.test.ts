// The synthetic clinic: the same rows each time, and rows that are nobody's.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { clinic, defaultSeed } from '../../cli/demo/clinic.ts'

const rows = clinic()

describe('the clinic', () => {
  test('is the same on every machine and every day', () => {
    const hash = createHash('sha256').update(JSON.stringify(rows)).digest('hex')
    expect(hash).toBe('bc92b06d1c6752515dbaa46b47e6ed6030d8686078499ade262382f9786fa9d3')
    expect(clinic(defaultSeed)).toEqual(rows)
    expect(clinic(defaultSeed + 1)).not.toEqual(rows)
  })

  test('is a few thousand rows', () => {
    expect(Object.fromEntries(Object.entries(rows).map(([table, list]) => [table, list.length]))).toEqual({
      staff: 40,
      patients: 1200,
      visits: 3600,
      prescriptions: expect.any(Number) as number
    })
    expect(rows.prescriptions.length).toBeGreaterThan(1500)
  })

  test('no social security number can be a real one, and none is there twice', () => {
    const numbers = rows.patients.map(({ ssn }) => String(ssn))
    for (const number of numbers) expect(number).toMatch(/^9\d\d-1\d-\d{4}$/)
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  test('no address leads to anybody', () => {
    for (const { email } of [...rows.patients, ...rows.staff]) expect(email).toMatch(/^[a-z.]+[.\d]*@[a-z]+\.example$/)
    for (const { phone } of rows.patients) expect(phone).toMatch(/^\(\d{3}\) 555-01\d\d$/)
  })

  test('every reference leads somewhere, and everyone treated is a patient of that visit', () => {
    const ids = Object.fromEntries(Object.entries(rows).map(([table, list]) => [table, new Set(list.map(({ id }) => id))]))
    const visits = new Map(rows.visits.map((visit) => [visit.id, visit]))
    for (const { patient_id, staff_id } of rows.visits) {
      expect(ids.patients!.has(patient_id!)).toBe(true)
      expect(ids.staff!.has(staff_id!)).toBe(true)
    }
    for (const { visit_id, patient_id, issued_on } of rows.prescriptions) {
      const visit = visits.get(visit_id!)!
      expect([patient_id, issued_on]).toEqual([visit.patient_id, String(visit.visited_at).slice(0, 10)])
    }
  })

  test('everyone was born, then registered, then treated', () => {
    const registered = new Map(rows.patients.map(({ id, registered_at }) => [id, String(registered_at)]))
    for (const { dob, registered_at } of rows.patients) expect(String(dob) < String(registered_at)).toBe(true)
    for (const { patient_id, visited_at } of rows.visits) expect(registered.get(patient_id!)! < String(visited_at)).toBe(true)
  })

  test('visits are in order of time, the newest last', () => {
    const times = rows.visits.map(({ visited_at }) => String(visited_at))
    expect(times).toEqual([...times].sort())
  })

  test('the smallest clinic works too', () => {
    expect(clinic(1, { staff: 1, patients: 1, visits: 1 }).visits).toHaveLength(1)
  })
})
