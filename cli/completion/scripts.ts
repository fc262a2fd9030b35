// What `hoop completion SHELL` prints: each script hands the words to `hoop __complete` and offers what comes back. Pure.
// `hoop __complete WORD...` prints one candidate a line, a tab and what it is behind it; the last word is the one being typed.

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = typeof shells[number]

// Nothing found means that a file may stand there, which each shell completes better than anybody else.
const bash = `# hoop completion for bash. Once, in ~/.bashrc:  source <(hoop completion bash)
_hoop() {
  local word _
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    [[ -n $word ]] && COMPREPLY+=("$word")
  done < <(command hoop __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
  # A flag that ends in "=" is followed by its value at once.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _hoop hoop
`

const zsh = `#compdef hoop
# hoop completion for zsh. Once, in ~/.zshrc, after compinit:  source <(hoop completion zsh)
_hoop() {
  local line
  local -a found
  while IFS= read -r line; do
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(command hoop __complete "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)
  if (( \${#found} )); then _describe hoop found; else _files; fi
}
compdef _hoop hoop
`

const fish = `# hoop completion for fish. Once:  hoop completion fish > ~/.config/fish/completions/hoop.fish
function __hoop_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (command hoop __complete $words[2..-1] 2>/dev/null </dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c hoop -f -a '(__hoop_complete)'
`

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish }
