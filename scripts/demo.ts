/**
 * `deno task demo`: brings the flights of npm:vega-datasets to where the example's definitions look for them, builds its
 * features with the default profile of ./mlforge.yaml, and looks into one of them.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const data = join(root, "examples", "flights", "data");

async function bringData(): Promise<void> {
  const installed = join(dirname(fileURLToPath(import.meta.resolve("vega-datasets"))), "..", "data");
  await Deno.mkdir(data, { recursive: true });
  for (const name of ["flights-3m.parquet", "airports.csv"]) {
    const there = await Deno.stat(join(data, name)).catch(() => undefined);
    const wanted = await Deno.stat(join(installed, name));
    if (there?.size !== wanted.size) await Deno.copyFile(join(installed, name), join(data, name));
  }
}

async function mlforge(...args: string[]): Promise<void> {
  console.log(`\n$ mlforge ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(root, "main.ts"), ...args],
    cwd: root,
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}

await bringData();
await mlforge("build");
await mlforge("show", "airport_delay", "--key", "origin=ATL", "--at", "2001-02-01", "--limit", "1");
