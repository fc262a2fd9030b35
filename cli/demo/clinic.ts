// A clinic that does not exist: tables, and rows from a seeded generator, the same ones each time. Pure.
// Plausible to look at, and nobody's: no social security number was ever issued, phones begin with 555-01, mail ends in example.

export const defaultSeed = 20_260_301

export const schema = `
create table staff (
  id integer primary key, name text not null, role text not null, department text not null, email text not null unique, hired_on date not null
);
create table patients (
  id integer primary key, mrn text not null unique, given_name text not null, family_name text not null, dob date not null, sex char(1) not null,
  ssn text not null unique, email text not null, phone text not null, street text not null, city text not null, insurance text not null,
  registered_at timestamptz not null
);
create table visits (
  id integer primary key, patient_id integer not null references patients, staff_id integer not null references staff,
  visited_at timestamptz not null, department text not null, icd10 text not null, diagnosis text not null, note text, charge numeric(8,2) not null
);
create table prescriptions (
  id integer primary key, visit_id integer not null references visits, patient_id integer not null references patients,
  prescribed_by integer not null references staff, drug text not null, dose text not null, directions text not null,
  days integer not null, refills integer not null, issued_on date not null
);
create index on visits (patient_id);
create index on visits (visited_at);
create index on prescriptions (patient_id);
`

type Row = Readonly<Record<string, string | number | null>>
/** Tables in the order in which they can be filled. */
export type Clinic = Readonly<Record<'staff' | 'patients' | 'visits' | 'prescriptions', readonly Row[]>>

export interface ClinicSize { readonly staff: number, readonly patients: number, readonly visits: number }
const defaultSize: ClinicSize = { staff: 40, patients: 1200, visits: 3600 }

/** The newest visit was on this day, whenever the demo runs: rows that moved with the calendar would not be reproducible. */
const today = Date.UTC(2026, 2, 1)
const day = 86_400_000

export function clinic(seed = defaultSeed, size: ClinicSize = defaultSize): Clinic {
  const random = generator(seed)
  const staff = Array.from({ length: size.staff }, (_, i) => staffMember(i + 1, random))
  const clinicians = staff.filter(({ role }) => role !== 'receptionist')
  const patients = Array.from({ length: size.patients }, (_, i) => patient(i + 1, random))
  const visits = Array.from({ length: size.visits }, () => random.below(5 * 365 * 24 * 4)).sort((a, b) => b - a)
    .map((quarterHoursAgo, i) => visit(i + 1, today - quarterHoursAgo * (day / 96), patients, clinicians, random))
  const prescriptions = visits.flatMap((row) => prescribed(row, random)).map((row, i) => ({ id: i + 1, ...row }))
  return { staff, patients, visits, prescriptions }
}

function staffMember(id: number, random: Random): Row & { role: string } {
  const [given, family] = [random.pick(givenNames)[0], random.pick(familyNames)]
  // One of each role first, so that the smallest clinic works.
  const role = roles[id - 1] ?? random.pick(roles)
  return {
    id,
    name: `${given} ${family}`,
    role,
    department: random.pick(departments),
    email: `${mail(given, family)}.${id}@clinic.example`,
    hired_on: dateOf(today - (200 + random.below(5000)) * day)
  }
}

function patient(id: number, random: Random): Row {
  const [given, sex] = random.pick(givenNames)
  const family = random.pick(familyNames)
  return {
    id,
    mrn: `MRN-${String(100_000 + id * 7)}`,
    given_name: given,
    family_name: family,
    dob: dateOf(today - (9 + random.below(84)) * 365 * day - random.below(365) * day),
    sex,
    // The serial makes it unique. Area numbers from 900 are never issued, and 10 is no group of a taxpayer number.
    ssn: `9${digits(random.below(100), 2)}-${digits(10 + Math.floor(id / 10_000), 2)}-${digits(id % 10_000, 4)}`,
    email: `${mail(given, family)}${id}@${random.pick(['mail.example', 'post.example', 'home.example'])}`,
    phone: `(${200 + random.below(700)}) 555-01${digits(random.below(100), 2)}`,
    street: `${1 + random.below(980)} ${random.pick(streets)}`,
    city: random.pick(cities),
    insurance: random.pick(insurers),
    // Born before, and treated after.
    registered_at: timeOf(today - (5 * 365 * 24 * 60 + random.below(3 * 365 * 24 * 60)) * 60_000)
  }
}

function visit(id: number, time: number, patients: readonly Row[], clinicians: readonly Row[], random: Random): Row {
  const [icd10, diagnosis, department] = random.pick(diagnoses)
  return {
    id,
    patient_id: random.pick(patients).id!,
    staff_id: random.pick(clinicians).id!,
    visited_at: timeOf(time),
    department,
    icd10,
    diagnosis,
    note: random.below(3) === 0 ? null : random.pick(notes),
    charge: (4000 + random.below(60_000)) / 100
  }
}

function prescribed({ id, patient_id, staff_id, icd10, visited_at }: Row, random: Random): Row[] {
  return treatments[icd10 as string]!.filter(() => random.below(100) < 60).map(([drug, dose, directions]) => ({
    visit_id: id!,
    patient_id: patient_id!,
    prescribed_by: staff_id!,
    drug,
    dose,
    directions,
    days: random.pick([5, 7, 10, 30, 90]),
    refills: random.below(4),
    issued_on: String(visited_at).slice(0, 10)
  }))
}

interface Random {
  /** A whole number in [0, limit). */
  below(limit: number): number
  pick<T>(choices: readonly T[]): T
}

/** mulberry32: 32 bits of state, equally spread, the same on every machine. Not for secrets. */
function generator(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { below, pick: (choices) => choices[below(choices.length)]! }
}

const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10)
const timeOf = (time: number) => new Date(time).toISOString()
const digits = (value: number, width: number) => String(value).padStart(width, '0')
const mail = (given: string, family: string) => `${given}.${family}`.normalize('NFD').replace(/[^a-zA-Z.]/g, '').toLowerCase()

const givenNames: readonly (readonly [string, 'f' | 'm'])[] = [
  ['Ada', 'f'],
  ['Amara', 'f'],
  ['Beatriz', 'f'],
  ['Chiara', 'f'],
  ['Dina', 'f'],
  ['Elif', 'f'],
  ['Freya', 'f'],
  ['Grace', 'f'],
  ['Hanna', 'f'],
  ['Ines', 'f'],
  ['Jana', 'f'],
  ['Keiko', 'f'],
  ['Leila', 'f'],
  ['Mei', 'f'],
  ['Noor', 'f'],
  ['Olga', 'f'],
  ['Priya', 'f'],
  ['Renée', 'f'],
  ['Sofia', 'f'],
  ['Zoë', 'f'],
  ['Ahmed', 'm'],
  ['Bruno', 'm'],
  ['Carlos', 'm'],
  ['Dmitri', 'm'],
  ['Emre', 'm'],
  ['Felix', 'm'],
  ['Georg', 'm'],
  ['Hiro', 'm'],
  ['Ivan', 'm'],
  ['Jamal', 'm'],
  ['Kofi', 'm'],
  ['Luca', 'm'],
  ['Mateo', 'm'],
  ['Nils', 'm'],
  ['Omar', 'm'],
  ['Pablo', 'm'],
  ['Rafael', 'm'],
  ['Søren', 'm'],
  ['Tomás', 'm'],
  ['Wei', 'm']
]
const familyNames = [
  'Abara',
  'Andersen',
  'Bauer',
  'Becker',
  'Costa',
  'Diallo',
  'Dubois',
  'Evans',
  'Fischer',
  'García',
  'Gupta',
  'Haddad',
  'Hoffmann',
  'Ito',
  'Jansen',
  'Kaya',
  'Kim',
  'Kowalski',
  'Lindqvist',
  'Lopes',
  'Martin',
  'Mbeki',
  'Moreau',
  'Müller',
  'Nakamura',
  'Nguyen',
  'Novak',
  'O\'Brien',
  'Okafor',
  'Olsen',
  'Patel',
  'Petrov',
  'Quispe',
  'Rossi',
  'Sanders',
  'Schmidt',
  'Silva',
  'Tanaka',
  'Torres',
  'van Dijk',
  'Virtanen',
  'Weber',
  'Wójcik',
  'Yilmaz',
  'Zhang'
]
const roles = ['physician', 'nurse', 'receptionist', 'surgeon', 'physician', 'nurse', 'pharmacist', 'physician']
const departments = ['cardiology', 'general medicine', 'neurology', 'orthopaedics', 'paediatrics', 'emergency']
const streets = ['Birch Lane', 'Canal Street', 'Elm Avenue', 'Harbour Road', 'Hill Street', 'Market Square', 'Mill Road', 'Orchard Way', 'Station Road']
const cities = ['Ashford', 'Brookhaven', 'Clearwater', 'Eastport', 'Fairview', 'Lakeside', 'Millbrook', 'Northfield', 'Riverton', 'Westbury']
const insurers = ['Blue Harbor', 'Civic Mutual', 'Evergreen Health', 'Northern Trust', 'self-pay', 'United Care']
const notes = [
  'follow-up in two weeks',
  'advised rest and fluids',
  'referred to specialist',
  'lab results pending',
  'symptoms improving',
  'patient reports poor sleep',
  'no allergies known',
  'allergic to penicillin',
  'discussed family history',
  'blood pressure to be checked daily'
]
const diagnoses: readonly (readonly [icd10: string, diagnosis: string, department: string])[] = [
  ['I10', 'Essential hypertension', 'cardiology'],
  ['E11.9', 'Type 2 diabetes mellitus', 'general medicine'],
  ['J06.9', 'Acute upper respiratory infection', 'general medicine'],
  ['M54.5', 'Low back pain', 'orthopaedics'],
  ['F41.1', 'Generalised anxiety disorder', 'general medicine'],
  ['G43.9', 'Migraine', 'neurology'],
  ['J45.9', 'Asthma', 'paediatrics'],
  ['S93.4', 'Sprain of ankle', 'emergency'],
  ['N39.0', 'Urinary tract infection', 'general medicine'],
  ['I48.9', 'Atrial fibrillation', 'cardiology'],
  ['L20.9', 'Atopic dermatitis', 'paediatrics'],
  ['B20', 'HIV disease', 'general medicine']
]
/** What each diagnosis may be treated with. */
const treatments: Readonly<Record<string, readonly (readonly [drug: string, dose: string, directions: string])[]>> = {
  I10: [['lisinopril', '10 mg', 'once daily'], ['amlodipine', '5 mg', 'once daily']],
  'E11.9': [['metformin', '500 mg', 'twice daily with meals']],
  'J06.9': [['paracetamol', '500 mg', 'every 6 hours as needed']],
  'M54.5': [['ibuprofen', '400 mg', 'three times daily'], ['methocarbamol', '750 mg', 'at night']],
  'F41.1': [['sertraline', '50 mg', 'once daily']],
  'G43.9': [['sumatriptan', '50 mg', 'at onset'], ['propranolol', '40 mg', 'twice daily']],
  'J45.9': [['salbutamol', '100 mcg', 'two puffs as needed'], ['budesonide', '200 mcg', 'twice daily']],
  'S93.4': [['ibuprofen', '400 mg', 'three times daily']],
  'N39.0': [['nitrofurantoin', '100 mg', 'twice daily']],
  'I48.9': [['apixaban', '5 mg', 'twice daily'], ['bisoprolol', '2.5 mg', 'once daily']],
  'L20.9': [['hydrocortisone cream', '1 %', 'thin layer twice daily']],
  B20: [['bictegravir combination', '1 tablet', 'once daily']]
}
