import { MlforgeError } from "../../error.ts";
import { parseMeta, parsePointer } from "../read_meta.ts";
import type { Published, PublishOutcome, Staged, Who } from "../publisher.ts";
import type { Finding } from "../verify.ts";
import type { Change } from "./commit.ts";
import { type Context, createText, gaveUp, newPace, readText } from "./exchange.ts";
import { metadataKey, pointerKey, recordKey } from "./keys.ts";
import { recordNames } from "./log.ts";
import { publish } from "./publish.ts";
import { metadataText, parseRecord } from "./record.ts";
import { type Moment, readAgain, writeMoment } from "./register.ts";
import { movePointers } from "./roll.ts";
import { start } from "./start.ts";
import { registerEntry } from "../register_entry.ts";

/**
 * Completes what dead runs left half done, then writes metadata and pointers of published features again where they are
 * missing or behind: nothing that another tool wrote is replaced.
 */
export async function mend(context: Context, findings: readonly Finding[]): Promise<void> {
  const { tx, moment } = await start(context);
  const { manifest } = moment;
  const mendable = new Set(findings.filter((finding) => finding.mendable).map(({ where }) => where));
  const published = [...manifest.features].map(([feature, current]) => ({ ...current, feature }));
  await writeMetadata(
    context,
    published.filter(({ feature, version }) => mendable.has(metadataKey(feature, version))),
  );
  const retired = [...manifest.retired].map(([feature, current]) => ({ ...current, feature, version: null }));
  const behind = [...published, ...retired].filter(({ feature }) => mendable.has(pointerKey(feature)));
  if (behind.length === 0) return;
  const { pointers } = await movePointers(context, manifest, behind);
  // One try: M's tokens only save a look when a pointer is moved the next time.
  await writeMoment(context, moment, { tx, pointers: new Map([...manifest.pointers, ...pointers]) });
}

/** Takes pointers that something else than mlforge's commits moved as what is published, by one commit. */
export async function adopt(context: Context, who: Who): Promise<PublishOutcome | undefined> {
  const { tx, moment } = await start(context);
  const changes: Change[] = [];
  const pointers = new Map(moment.manifest.pointers);
  for (const feature of [...moment.manifest.features.keys(), ...moment.manifest.retired.keys()]) {
    const found = await readText(context.store, pointerKey(feature));
    if (found === undefined || found.token === pointers.get(feature)) continue;
    const { version, seq } = parsePointer(found.text, pointerKey(feature));
    if (seq !== undefined || version === null) continue;
    pointers.set(feature, found.token);
    const after = await publishedAs(context, feature, version);
    changes.push({ feature, base: moment.manifest.features.get(feature), after, meta: undefined });
  }
  if (changes.length === 0) return undefined;
  const known = await noteTokens(context, moment, tx, pointers);
  return (await publish(context, known, { tx, round: 1, who, kind: "rollback", changes })).outcome;
}

async function publishedAs(context: Context, feature: string, version: string): Promise<Change["after"]> {
  const key = metadataKey(feature, version);
  const found = await readText(context.store, key);
  if (found === undefined) {
    throw new MlforgeError("failed", `Can't take over "${pointerKey(feature)}": "${key}" is missing`, {
      hint: "Point it at a version that is whole, or delete it.",
    });
  }
  return registerEntry(parseMeta(found.text, key));
}

/** M with the tokens of the pointers as they are: the commit's own pointers then match them. */
async function noteTokens(
  context: Context,
  from: Moment,
  tx: string,
  pointers: ReadonlyMap<string, string>,
): Promise<Moment> {
  const pace = newPace(context);
  for (let moment = from;;) {
    const written = await writeMoment(context, moment, { tx, pointers: new Map(pointers) });
    if (typeof written !== "string") return written;
    if (!await pace.rest(written)) throw gaveUp("taking pointers over");
    moment = await readAgain(context);
  }
}

/** Versions whose metadata is gone get it back out of the record of the build that made them. */
async function writeMetadata(context: Context, missing: readonly (Published & Staged)[]): Promise<void> {
  if (missing.length === 0) return;
  for (const name of (await recordNames(context)).values()) {
    const found = await readText(context.store, recordKey(name));
    if (found === undefined) continue;
    const { features } = parseRecord(found.text, name);
    for (const { feature, version, content_hash } of missing) {
      const recorded = features.get(feature);
      const text = recorded && metadataText(recorded);
      if (text === undefined || recorded?.after?.version !== version) continue;
      if (recorded.after.content_hash !== content_hash) continue;
      await createText(context, newPace(context), metadataKey(feature, version), text);
    }
  }
}
