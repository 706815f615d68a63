/**
 * Start-up of commands that compute nothing, against an empty script, in a project of 6 features (as the demo has) and one
 * of 32; and a build with nothing to do, against `--help`.
 */
import { join } from "node:path";
import { compare, type Contestant } from "./paired.ts";

const main = new URL("../main.ts", import.meta.url).pathname;
const deno = Deno.execPath();

/** A built project of so many features, in a folder of its own. */
async function project(features: number): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
  await Deno.writeTextFile(join(folder, "empty.ts"), "");
  await Deno.writeTextFile(join(folder, "events.csv"), "user,amount\n" + "ann,1\nbob,2\n".repeat(1000));
  await Deno.writeTextFile(
    join(folder, "mlforge.yaml"),
    "default_profile: dev\nprofiles:\n  dev:\n    offline_store: {KIND: local, path: ./store}\n",
  );
  const feature = (i: number) =>
    `  total_${i}: {source: events, keys: [user], sql: "select user, sum(amount + ${i})::bigint as total from events group by user"}\n`;
  await Deno.writeTextFile(
    join(folder, "definitions.yaml"),
    "name: bench\nsources:\n  events: {path: events.csv}\nfeatures:\n" +
      Array.from({ length: features }, (_, i) => feature(i)).join(""),
  );
  await new Deno.Command(deno, { args: ["run", "-A", main, "build", "--quiet"], cwd: folder }).output();
  return folder;
}

const mlforge = (cwd: string, ...args: string[]): Contestant => ({
  name: `mlforge ${args.join(" ")}`,
  command: [deno, "run", "-A", main, ...args],
  cwd,
});
const [few, many] = [await project(6), await project(32)];
try {
  const empty = { name: "empty script", command: [deno, "run", "-A", join(few, "empty.ts")] };
  await compare(
    "Start-up, 6 features",
    [empty, mlforge(few, "--help"), mlforge(few, "list", "features")],
    21,
  );
  await compare("Start-up, 32 features", [empty, mlforge(many, "list", "features")], 21);
  await compare("Nothing to do, 32 features", [mlforge(many, "--help"), mlforge(many, "build")], 21);
} finally {
  for (const folder of [few, many]) await Deno.remove(folder, { recursive: true });
}
