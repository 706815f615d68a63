/**
 * The standalone binary (dist/mlforge, by `deno task compile`) against an empty compiled script, and a build by it against
 * the same from source, by the same version of Deno: run it with the one that made the binary.
 */
import { join } from "node:path";
import { compare, type Contestant } from "./paired.ts";
import { peakMemory } from "./peak_memory.ts";

const main = new URL("../main.ts", import.meta.url).pathname;
const binary = new URL("../dist/mlforge", import.meta.url).pathname;
const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
const cwd = join(folder, "shop");

async function run(...command: string[]): Promise<void> {
  const [program = "", ...args] = command;
  const { success, stderr } = await new Deno.Command(program, { args, cwd: folder }).output();
  if (!success) throw new Error(`${command.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** As scripts/compile.ts makes the binary. */
async function emptyBinary(): Promise<string> {
  await Deno.writeTextFile(join(folder, "empty.js"), "");
  const empty = join(folder, "empty");
  const flags = ["--quiet", "--allow-all", "--no-config", "--no-check", "--no-code-cache"];
  await run(Deno.execPath(), "compile", ...flags, "--output", empty, "empty.js");
  return empty;
}

/** 200,000 orders of a thousand users, instead of those of init. */
async function manyOrders(): Promise<void> {
  let text = "user_id,ordered_at,amount,category\n";
  for (let i = 0; i < 200_000; i++) {
    const at = new Date(Date.UTC(2026, 0, 1) + i * 5000).toISOString().slice(0, 19);
    text += `${i * 7919 % 1000},${at},${i % 97}.5,toys\n`;
  }
  await Deno.writeTextFile(join(cwd, "data", "orders.csv"), text);
}

try {
  const empty = await emptyBinary();
  await run(binary, "init", "shop");
  const mlforge = (...args: string[]): Contestant => ({
    name: `mlforge ${args.join(" ")}`,
    command: [binary, ...args],
    cwd,
  });
  await compare(
    "Start-up of the binary",
    [
      { name: "an empty compiled script", command: [empty] },
      mlforge("--version"),
      mlforge("--help"),
      mlforge("list", "features"),
    ],
    21,
  );

  await manyOrders();
  const before = () => Deno.remove(join(cwd, "feature_store"), { recursive: true }).catch(() => {});
  const builds: Contestant[] = [
    {
      name: "a build from source",
      command: [Deno.execPath(), "run", "-A", "--no-check", main, "build"],
      cwd,
      before,
    },
    { ...mlforge("build"), before },
  ];
  await compare("A build of 200,000 rows", builds, 5);
  for (const build of builds) {
    await before();
    console.log(`  ${build.name}: at most ${Math.round(await peakMemory(build) / 1e6)} MB`);
  }
  console.log(`\nSize: ${((await Deno.stat(binary)).size / 1e6).toFixed(1)} MB`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
