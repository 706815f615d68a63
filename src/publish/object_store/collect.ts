import type { Staged } from "../publisher.ts";
import { compareVersions, higher } from "../version.ts";
import { type Context, gaveUp, newPace } from "./exchange.ts";
import { inParallel } from "../../in_parallel.ts";
import { dataKey, parseVersionKey } from "./keys.ts";
import type { Manifest, Pending } from "./manifest.ts";
import { type Moment, readAgain, writeMoment } from "./register.ts";
import { start } from "./start.ts";

/**
 * Removes data that no commit names, and gives what it removed. A living build whose staged data is collected plans
 * that feature again.
 *
 * The order is the proof. M first, then the look: what was committed before this M has its metadata, or is pending in
 * it. Then `top` is raised to the rest, by a write that matches this M: from then on nobody can commit it. Only then
 * it is deleted, and a deletion may come as late as it likes.
 */
export async function collect(context: Context): Promise<Staged[]> {
  const { tx, moment } = await start(context);
  const pace = newPace(context);
  let from: Moment = moment;
  for (;;) {
    const garbage = await uncommitted(context, from.manifest);
    const top = withdrawn(from.manifest, garbage);
    const written = top === undefined ? from : await writeMoment(context, from, { tx, top });
    if (typeof written !== "string") {
      await inParallel(garbage, ({ feature, version }) => context.store.delete(dataKey(feature, version)));
      return garbage;
    }
    if (!await pace.rest(written)) throw gaveUp("collecting garbage");
    from = await readAgain(context);
  }
}

async function uncommitted(context: Context, manifest: Manifest): Promise<Staged[]> {
  const named = ({ feature, version }: Pick<Pending, "feature" | "version">) => `${feature}/${version}`;
  const data: Staged[] = [];
  const committed = new Set([...manifest.pending].map(named));
  for await (const { key } of context.store.list("")) {
    const found = parseVersionKey(key);
    if (found?.file === "data.parquet") data.push({ feature: found.feature, version: found.version });
    if (found?.file === ".meta.json") committed.add(named(found));
  }
  return data.filter((version) => !committed.has(named(version)));
}

/** `top` above all of the garbage; undefined where it is already. */
function withdrawn(manifest: Manifest, garbage: readonly Staged[]): Map<string, string> | undefined {
  const top = new Map(manifest.top);
  for (const { feature, version } of garbage) top.set(feature, higher(top.get(feature), version));
  const raised = [...top].some(([feature, version]) => {
    const before = manifest.top.get(feature);
    return before === undefined || compareVersions(before, version) < 0;
  });
  return raised ? top : undefined;
}
