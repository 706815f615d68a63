import { MlforgeError } from "../../error.ts";
import type { Published, PublishOutcome, Staged, Who } from "../publisher.ts";
import { parseMeta } from "../read_meta.ts";
import type { Change } from "./commit.ts";
import { type Context, readText } from "./exchange.ts";
import { dataKey, metadataKey } from "./keys.ts";
import { publish } from "./publish.ts";
import { start } from "./start.ts";

/**
 * Makes other versions the published ones, all at once. What was published stays on the store, and `top` where it is.
 * Throws (code `usage`) where a version was never published.
 */
export async function rollBack(
  context: Context,
  targets: readonly Staged[],
  who: Who,
): Promise<PublishOutcome> {
  const { tx, moment } = await start(context);
  const changes: Change[] = [];
  for (const target of targets) {
    const base = moment.manifest.features.get(target.feature);
    if (base?.version !== target.version) changes.push(await changeTo(context, target, base));
  }
  return (await publish(context, moment, { tx, round: 1, who, kind: "rollback", changes })).outcome;
}

/** Metadata exists only of what was committed, and data of that is never removed. */
async function changeTo(context: Context, target: Staged, base: Published | undefined): Promise<Change> {
  const { feature, version } = target;
  const key = metadataKey(feature, version);
  const metadata = await readText(context.store, key);
  const data = await context.store.head(dataKey(feature, version));
  if (base === undefined || metadata === undefined || data === undefined) {
    throw new MlforgeError("usage", `Can't roll "${feature}" back to ${version}: it was never published`, {
      hint: `\`mlforge list versions ${feature}\` shows what was.`,
    });
  }
  const { content_hash, config_hash, schema_hash, source_hash } = parseMeta(metadata.text, key);
  const after = { version, content_hash, config_hash, schema_hash, source_hash };
  return { feature, base, after, meta: undefined };
}
