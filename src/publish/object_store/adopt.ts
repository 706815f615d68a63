import type { Published } from "../publisher.ts";
import { MlforgeError } from "../../error.ts";
import { parseMeta, parsePointer } from "../read_meta.ts";
import { higher } from "../version.ts";
import { type Context, readText } from "./exchange.ts";
import { inParallel } from "../../in_parallel.ts";
import { metadataKey, parsePointerKey, parseVersionKey, pointerKey } from "./keys.ts";
import type { Manifest } from "./manifest.ts";
import { registerEntry } from "../register_entry.ts";

/** What pointers without M say: the store of an older or another tool, whose features become ours. */
export async function adoptPointers(
  context: Context,
): Promise<Pick<Manifest, "seq" | "features" | "top" | "pointers">> {
  const features = new Map<string, Published>();
  const top = new Map<string, string>();
  const pointers = new Map<string, string>();
  const names: string[] = [];
  let highest = 0;
  for await (const { key } of context.store.list("")) {
    const pointer = parsePointerKey(key);
    if (pointer !== undefined) names.push(pointer);
    const file = parseVersionKey(key);
    if (file?.file === ".meta.json") top.set(file.feature, higher(top.get(file.feature), file.version));
  }
  await inParallel(names, async (feature) => {
    const pointer = await readText(context.store, pointerKey(feature));
    if (pointer === undefined) return;
    const { version, seq = 0 } = parsePointer(pointer.text, pointerKey(feature));
    pointers.set(feature, pointer.token);
    highest = Math.max(highest, seq);
    if (version === null) return;
    const key = metadataKey(feature, version);
    const metadata = await readText(context.store, key);
    if (metadata === undefined) {
      throw new MlforgeError("failed", `Can't take over "${pointerKey(feature)}": "${key}" is missing`, {
        hint: "Point it at a version that is whole, or delete it.",
      });
    }
    const meta = parseMeta(metadata.text, key);
    features.set(feature, { ...registerEntry(meta), seq, tx: meta.mlforge.tx });
  });
  for (const [feature, { version }] of features) top.set(feature, higher(top.get(feature), version));
  // Pointers never go back to a lower number, also where M was lost: count on from theirs.
  return { seq: highest, features, top, pointers };
}
