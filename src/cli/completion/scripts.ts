export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

/** How a shell's user takes the script in, for help. */
export const HOW: Record<Shell, string> = {
  bash: 'in ~/.bashrc: eval "$(mlforge completion bash)"',
  zsh: 'in ~/.zshrc, after compinit: eval "$(mlforge completion zsh)"',
  fish: "mlforge completion fish > ~/.config/fish/completions/mlforge.fish",
};

/**
 * A script for each shell. All ask `mlforge completion propose -- WORDS...`, whose last word is the one to complete, and
 * which answers with lines of a word, a tab and what it is; where it knows nothing, they complete names of files.
 */
export const SCRIPTS: Record<Shell, string> = {
  // Bash 3.2, which macOS has, lacks mapfile.
  bash: `_mlforge() {
  local word brief
  COMPREPLY=()
  while IFS=$'\\t' read -r word brief; do
    COMPREPLY+=("$word")
  done < <("$1" completion propose -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _mlforge mlforge
`,
  zsh: `#compdef mlforge
_mlforge() {
  local word brief
  local -a proposed
  while IFS=$'\\t' read -r word brief; do
    proposed+=("\${word//:/\\\\:}:$brief")
  done < <("$words[1]" completion propose -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#proposed )); then
    _describe -t commands mlforge proposed
  else
    _files
  fi
}
if [ "$funcstack[1]" = "_mlforge" ]; then
  _mlforge "$@"
else
  compdef _mlforge mlforge
fi
`,
  fish: `function __mlforge_propose
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l proposed ($words[1] completion propose -- $words[2..-1] "$last" 2>/dev/null)
    if count $proposed >/dev/null
        printf '%s\\n' $proposed
    else
        __fish_complete_path "$last"
    end
end
complete -c mlforge -f -a '(__mlforge_propose)'
`,
};
