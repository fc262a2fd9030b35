import { describe, expect, test } from 'vitest'
import { createStore } from '../../../server/identity/embedded/store.ts'

const spent = () => new Error('spent')

describe('logins under way', () => {
  test('end when their time is over, by whatever they are looked up', async () => {
    let now = 0
    const store = createStore(() => now, spent)('DeviceCode')
    await store.upsert('a', { uid: 'u', userCode: 'BBBB' }, 10)
    now = 9_999
    expect(await store.find('a')).toBeDefined()
    expect(await store.findByUid('u')).toBeDefined()
    expect(await store.findByUserCode('BBBB')).toBeDefined()
    now = 10_000
    expect(await store.findByUserCode('BBBB')).toBeUndefined()
    expect(await store.findByUid('u')).toBeUndefined()
    expect(await store.find('a')).toBeUndefined()
    await expect(store.consume('a')).rejects.toThrow('spent')
  })

  test('are consumed once', async () => {
    const store = createStore(() => 5_000, spent)('AuthorizationCode')
    await store.upsert('a', {}, 10)
    await store.consume('a')
    expect(await store.find('a')).toEqual({ consumed: 5 })
    await expect(store.consume('a')).rejects.toThrow('spent')
  })

  test('go with their grant, in every kind, and leave the others', async () => {
    const model = createStore(() => 0, spent)
    const [codes, tokens] = [model('AuthorizationCode'), model('AccessToken')]
    await codes.upsert('a', { grantId: 'g' }, 10)
    await tokens.upsert('b', { grantId: 'g' }, 10)
    await tokens.upsert('c', { grantId: 'h' }, 10)
    await codes.revokeByGrantId('g')
    expect([await codes.find('a'), await tokens.find('b')]).toEqual([undefined, undefined])
    expect(await tokens.find('c')).toBeDefined()
  })

  test('are at most a thousand of a kind, the oldest going first', async () => {
    const model = createStore(() => 0, spent)
    const [flooded, other] = [model('Interaction'), model('Grant')]
    await other.upsert('kept', {}, 10)
    for (let n = 0; n < 1500; n++) await flooded.upsert(`i${n}`, {}, 10)
    expect(await flooded.find('i499')).toBeUndefined()
    expect(await flooded.find('i500')).toBeDefined()
    expect(await other.find('kept')).toBeDefined()
  })
})
