/** Start-up of commands that compute nothing, against an empty script; and a build with nothing to do, against `--help`. */
import { join } from "node:path";
import { compare } from "./paired.ts";

const main = new URL("../main.ts", import.meta.url).pathname;
const deno = Deno.execPath();
const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
const names = Array.from({ length: 32 }, (_, i) => `total_${i}`);
await Deno.writeTextFile(join(folder, "empty.ts"), "");
await Deno.writeTextFile(join(folder, "events.csv"), "user,amount\n" + "ann,1\nbob,2\n".repeat(1000));
await Deno.writeTextFile(
  join(folder, "mlforge.yaml"),
  "default_profile: dev\nprofiles:\n  dev:\n    offline_store: {KIND: local, path: ./store}\n",
);
await Deno.writeTextFile(
  join(folder, "definitions.yaml"),
  "name: bench\nsources:\n  events: {path: events.csv}\nfeatures:\n" +
    names.map((name, i) =>
      `  ${name}: {source: events, keys: [user], sql: "select user, sum(amount + ${i})::bigint as total from events group by user"}\n`
    ).join(""),
);
const mlforge = (...args: string[]) => ({
  name: `mlforge ${args.join(" ")}`,
  command: [deno, "run", "-A", main, ...args],
  cwd: folder,
});
try {
  await new Deno.Command(deno, { args: ["run", "-A", main, "build", "--quiet"], cwd: folder }).output();
  const empty = { name: "empty script", command: [deno, "run", "-A", join(folder, "empty.ts")] };
  await compare("Start-up", [empty, mlforge("--help"), mlforge("list", "features")], 15);
  await compare("Nothing to do, 32 features", [mlforge("--help"), mlforge("build")], 15);
} finally {
  await Deno.remove(folder, { recursive: true });
}
