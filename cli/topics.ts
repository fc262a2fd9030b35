// What `hoop help TOPIC` says. Pure.

export const topics: Readonly<Record<string, string>> = {
  'exit-codes': `Exit codes

  0     done
  1     failed; the reason is on stderr. Also where a check has found something: hoop doctor, gateway check, policy check and
        test, audit verify, reconcile, report and export status
  2     cancelled, or timed out; with hoop query --wait: nobody decided in time
  4     sign in: hoop login
  8     waiting for a review, and nobody here waits: hoop query prints the review's id and has taken the statement back,
        unless opening the target itself waits; then the review stays, and the same command later finds its answer
  64    wrong usage
  126   the command after -- could not be run
  127   the command after -- was not found, or there is no psql for --psql
  130   cut short by a second Ctrl-C

hoop connect TARGET -- COMMAND, and --psql, end with its own code, or 128 plus the signal that ended it.`,

  environment: `Environment variables (a flag beats them, they beat the profile)

  HOOP_GATEWAY      the gateway's address, such as https://hoop.example.com
  HOOP_TOKEN        a service token (hoop tokens create), or a CI platform's OIDC token; never handed to a wrapped command
  HOOP_TOKEN_FILE   a file that holds one, read again when it has ended
  HOOP_PROFILE      which remembered gateway, where you use several (default: what hoop profiles use chose, or "default");
                    HOOP_GATEWAY counts for more, and --profile for more than both
  HOOP_CONFIG_DIR   where profiles and ports are remembered (default $XDG_CONFIG_HOME/hoop, ~/.config/hoop)
  HOOP_CA           a PEM file of certificates to trust instead of the system's
  HOOP_KEYCHAIN     "off": keep the login in a private file instead of the system's keychain
  HOOP_DEBUG        as --debug
  HOOP_PAGER        what shows a result longer than the screen, before PAGER and less; "cat": none. LESS is FRX unless set
  TMUX              set by tmux: a copied URL goes to its buffer, too
  XDG_RUNTIME_DIR   where Unix sockets go, in a folder hoop (default: in the configuration folder)
  NO_COLOR, CI, TERM=dumb   no colour; CI and TERM=dumb: no questions, no browser`
}
