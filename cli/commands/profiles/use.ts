// `hoop profiles use NAME`: which remembered gateway commands use where none is named.
import type { Command } from 'commander'
import type { Context } from '../../context.ts'
import { helpTail } from '../../help.ts'
import { checkedName, noSuchProfile, readProfile, setUsualProfile } from '../../profiles.ts'

export function register(profiles: Command, context: () => Promise<Context>): void {
  profiles.command('use')
    .description('Use a remembered gateway from now on, where neither --profile, --gateway nor a variable names another.')
    .argument('<profile>', 'as hoop profiles lists it')
    .addHelpText('after', helpTail([
      ['hoop profiles use staging', 'from now on'],
      ['hoop profiles use default', 'the one that hoop login writes where no name is given'],
      ['HOOP_PROFILE=staging hoop targets', 'once, without changing anything']
    ], ['hoop profiles', 'hoop login']))
    .action(async (typed: string) => {
      const name = checkedName(typed)
      const { terminal, settings: { configDirectory, environment } } = await context()
      const profile = await readProfile(configDirectory, name)
      if (profile === undefined) throw await noSuchProfile(configDirectory, name)
      await setUsualProfile(configDirectory, name)
      terminal.say(`profile "${name}" from now on: ${profile.gateway ?? 'no gateway'}`)
      for (const variable of ['HOOP_PROFILE', 'HOOP_GATEWAY']) {
        if ((environment[variable] ?? '') !== '') terminal.say(`warning: ${variable} is set here, and counts for more`)
      }
    })
}
