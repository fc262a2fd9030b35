// `hoop profiles remove NAME`: forgets a remembered gateway. Its login is another matter, and said.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { checkedName, noSuchProfile, profileExists, profileNames, readProfile, removeProfile, setUsualProfile, usualProfile } from '../../profiles.ts'

export function register(profiles: Command, context: () => Promise<Context>): void {
  profiles.command('remove')
    .description('Forget a remembered gateway. A login there is kept until hoop logout ends it.')
    .argument('<profile>', 'as hoop profiles lists it')
    .addHelpText('after', helpTail([
      ['hoop profiles remove staging', 'forget it'],
      ['hoop --profile staging logout', 'before that: end the login'],
      ['hoop profiles', 'what is left']
    ], ['hoop profiles', 'hoop logout']))
    .action(async (typed: string) => {
      const name = checkedName(typed)
      const { terminal, settings: { configDirectory } } = await context()
      if (!await profileExists(configDirectory, name)) throw await noSuchProfile(configDirectory, name)
      // A file that cannot be read is a reason to remove it.
      const gateway = (await readProfile(configDirectory, name).catch(() => undefined))?.gateway
      await removeProfile(configDirectory, name)
      terminal.say(`profile "${name}" is forgotten`)
      if (gateway !== undefined && !await isRemembered(configDirectory, gateway)) terminal.say(`a login there stays until it ends: hoop logout ${gateway}`)
      if (await usualProfile(configDirectory).catch(() => name) !== name) return
      await setUsualProfile(configDirectory, undefined)
      if (name !== 'default') terminal.say('profile "default" is used from now on')
    })
}

async function isRemembered(configDirectory: string, gateway: string): Promise<boolean> {
  const names = await profileNames(configDirectory)
  const profiles = await Promise.all(names.map((name) => readProfile(configDirectory, name).catch(() => undefined)))
  return profiles.some((profile) => profile?.gateway === gateway)
}
