// What identity knows of a person by name: what decides whether their vote counts.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from './world.ts'

let world: World
beforeAll(async () => { world = await World.start() })
afterAll(() => world.stop())

const person = (subject: string) => world.identity.person(world.settings.issuer, subject)

test('is nothing of whoever has never logged in, or of another issuer\'s', async () => {
  expect(person('alice')).toBeUndefined()
  await world.logIn('alice', ['dev'])
  expect(world.identity.person('https://other.example', 'alice')).toBeUndefined()
})

test('is by the latest login: a group lost there is lost', async () => {
  await world.logIn('bob', ['dba', 'dev'])
  expect(person('bob')).toEqual({ groups: ['dba', 'dev'], disabled: false, admin: false })
  await world.logIn('bob', ['hoop-admins'])
  expect(person('bob')).toEqual({ groups: ['hoop-admins'], disabled: false, admin: true })
})

test('says who is disabled, and who is again not', async () => {
  const admin = await world.verified('root', ['hoop-admins'])
  await world.logIn('carol', ['dba'])
  world.identity.disableUser(admin, world.user('carol'))
  expect(person('carol')).toMatchObject({ disabled: true, groups: ['dba'] })
  world.identity.enableUser(admin, world.user('carol'))
  expect(person('carol')).toMatchObject({ disabled: false })
})
