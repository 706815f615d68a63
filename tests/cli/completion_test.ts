import assert from "node:assert/strict";
import { join } from "node:path";
import { cliCommand, runCli, withFolder } from "./run_cli.ts";

/** For each shell: a script that prints what it offers for the command line in $LINE, one word a line. */
const ASK: Record<string, string> = {
  bash: `
    eval "$(mlforge completion bash)"
    read -ra COMP_WORDS <<<"$LINE"
    [ "\${LINE% }" = "$LINE" ] || COMP_WORDS+=("")
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    $(complete -p mlforge | sed 's/.*-F \\([^ ]*\\).*/\\1/') mlforge
    printf '%s\\n' "\${COMPREPLY[@]}"
  `,
  // A shell in a terminal of its own, that gets the line and a tab, and then a key that tells what the line has become.
  zsh: `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell 'autoload -U compinit; compinit -u; eval "$(mlforge completion zsh)"'
    zpty -w shell 'tell() { print -r -- "$BUFFER" >$HOME/line; BUFFER= }; zle -N tell; bindkey "^Xt" tell'
    zpty -w shell 'print rea""dy'
    zpty -r -m shell seen '*ready*'
    zpty -n -w shell "$LINE"$'\\t\\x18t'
    zpty -w shell 'print do""ne'
    zpty -r -m shell seen '*done*'
    cat $HOME/line
  `,
  fish: `
    mlforge completion fish | source
    complete -C "$LINE"
  `,
};

const CASES: [line: string, offered: RegExp][] = [
  ["mlforge bui", /\bbuild\b/],
  ["mlforge list fea", /\bfeatures\b/],
  ["mlforge build --dry", /--dry-run\b/],
  ["mlforge init --template y", /\byaml\b/],
];

const hasShell = (shell: string) =>
  new Deno.Command(shell, { args: ["-c", "exit"], stdout: "null", stderr: "null" }).output()
    .then(({ success }) => success, () => false);

for (const [shell, script] of Object.entries(ASK)) {
  const there = await hasShell(shell);
  Deno.test({
    // Where MLFORGE_TEST_SHELLS is "required", a missing one fails: install zsh and fish.
    name: `${shell} completes commands, flags and values${there ? "" : ` (needs ${shell})`}`,
    ignore: !there && Deno.env.get("MLFORGE_TEST_SHELLS") !== "required",
    async fn() {
      await withFolder(async (folder) => {
        const program = await wrapper(folder);
        for (const [line, offered] of CASES) {
          const { stdout, stderr } = await new Deno.Command(shell, {
            args: ["-c", script],
            cwd: folder,
            env: { ...program, LINE: line, TERM: "dumb", HOME: folder },
            stdin: "null",
          }).output();
          const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
          assert.match(out ?? "", offered, `${line}: ${out}${err}`);
        }
      });
    },
  });
}

/** The program under test, under its own name on the PATH. */
async function wrapper(folder: string): Promise<Record<string, string>> {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const binary = Deno.env.get("MLFORGE_BIN");
  const command = binary === undefined ? `"${Deno.execPath()}" run -A --no-check "${main}"` : `"${binary}"`;
  await Deno.writeTextFile(join(folder, "mlforge"), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return { PATH: `${folder}:${Deno.env.get("PATH")}` };
}

Deno.test("a script completes names of files where mlforge knows nothing", async () => {
  const { code, out } = await runCli(["completion", "propose", "--", "show", "some"]);
  assert.equal(code, 0);
  assert.equal(out, "");
});

Deno.test("an unknown shell is one clear error", async () => {
  const { code, stderr } = await cliCommand(["completion", "powershell"]).output();
  assert.equal(code, 2);
  assert.match(new TextDecoder().decode(stderr), /powershell/);
});
