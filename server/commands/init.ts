// `hoop gateway init`: writes a commented starter configuration that `hoop gateway check` can lead to a working one.
import { open } from 'node:fs/promises'
import { GatewayError } from '../../shared/errors.ts'

export const starter = `# The gateway's configuration. Check it with: hoop gateway check --config hoop.yaml
# Relative paths start at this file's folder. Secrets are references, never values:
#   env:NAME      the environment variable NAME, taken when the gateway starts
#   file:PATH     the file's text, read each time it is needed
#   exec:COMMAND  what the command prints, run each time it is needed

listen:
  address: 127.0.0.1:8443
  # Beyond loopback, TLS is required:
  # tls: { cert: file:gateway.crt, key: file:gateway.key }
  # The URL people use, where it is not the address above:
  # publicUrl: https://hoop.example.com

identity:
  # Your OpenID provider. The command line logs in there with code + PKCE.
  # issuer: https://idp.example.com
  # clientId: hoop-cli
  # groupsClaim: groups
  # deviceFlow: true
  # Or people listed here, for trying things out and for teams without a provider:
  embedded:
    users:
      - username: alice
        password: env:HOOP_ALICE_PASSWORD
        email: alice@example.com
        groups: [engineers]
      - username: root
        password: env:HOOP_ROOT_PASSWORD
        email: root@example.com
        groups: [engineers, hoop-admins]
  # Members of this group may list and disable people and see everybody's sessions.
  adminGroup: hoop-admins
  # Members of this one may read the whole audit log.
  auditorGroup: hoop-auditors
  # A login lasts this long at most.
  loginHours: 12
  # CI jobs that log in with their platform's own token; every claim must match exactly:
  # workloads:
  #   - name: deploy
  #     issuer: https://token.actions.githubusercontent.com
  #     audience: hoop
  #     claims: { repository: example/app, ref: refs/heads/main }
  #     groups: [deployers]
  #     owner: { subject: alice }

state: { sqlite: state.db }

# Every statement is written here before the database sees it. Keep it on a disk that is backed up.
audit:
  directory: audit
  # Exact statements and parameters are kept only where somebody is named who may open them. On the auditor's machine:
  # hoop audit identity auditor.key   (and only auditor.key.pub goes here)
  # sealTo:
  #   - { name: auditor, key: file:auditor.key.pub }
  # On another machine, hoop witness can vouch that the log only grows:
  # witnesses:
  #   - { name: other-owner, url: "https://witness.example.com:8453", key: file:witness.pub }
  # Who else gets each entry; from: beginning sends those that are already there, too:
  # export:
  #   - { name: siem, kind: ocsf, url: https://siem.example.com/in, bearer: env:SIEM_TOKEN }
  #   - { name: logs, kind: syslog, address: logs.example.com:6514, tls: { ca: file:logs-ca.pem } }
  # Entries are kept six years at least, and go only when two admins say so:
  # retention: 6y

# What clients are shown, after masking, is kept for replay where there is a key (openssl rand -base64 32):
# recording: { directory: recordings, key: file:recording.key, keepDays: 90 }

limits: { sessionsPerPrincipal: 50, connectionsPerSession: 100 }

targets:
  prod-db:
    protocol: postgres
    address: 127.0.0.1:5432          # or an absolute path of a Unix socket
    database: clinic
    # disable, require (encrypts, checks nothing), verify-ca or verify-full
    tls: verify-full
    # With files: tls: { mode: verify-full, ca: file:ca.crt, cert: file:client.crt, key: file:client.key }
    credential: { user: hoop_app, password: env:PROD_DB_PASSWORD }
    labels: { env: prod }

# The strictest matching rule decides (deny before allow); what no rule allows is denied.
# Effects: read, write, schema, privilege, session, unknown.
policy:
  - name: engineers may read
    who: { group: engineers }
    targets: { env: prod }
    effects: [read, session]
    then: allow
  - name: no schema or privilege changes by hand
    effects: [schema, privilege]
    then: deny
    reason: schema changes go through a migration
`

/** @throws GatewayError conflict if the file exists: a configuration is never overwritten */
export async function writeStarter(file: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') {
      throw new GatewayError('conflict', `${file} exists and is left as it is`, { hint: 'name another: hoop gateway init FILE' })
    }
    throw new GatewayError('config_invalid', `${file} cannot be written: ${error.code ?? error.message}`)
  })
  await handle.writeFile(starter)
  await handle.close()
}
