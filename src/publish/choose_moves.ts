import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import { neverPublished } from "./data_not_here.ts";
import type { Move, Publisher, Snapshot } from "./publisher.ts";
import { compareVersions } from "./version.ts";

/** Where to go back to: a version for each feature, the one below what is published, or what one batch published. */
export type RollbackTarget =
  | { kind: "versions"; features: readonly { name: string; version?: string }[]; previous: boolean }
  | { kind: "batch"; tx: string };

/** A move with the version it starts from. */
export interface ChosenMove extends Move {
  from: string | null;
}

/**
 * The moves of a rollback. Throws (code `usage`) for features, versions and batches that are not there.
 *
 * `previous` goes by number, not by time: the highest version below the published one. Of a retired feature that is the
 * highest there is.
 */
export async function chooseRollback(
  target: RollbackTarget,
  publisher: Publisher,
  snapshot: Snapshot,
): Promise<ChosenMove[]> {
  const from = (feature: string) => snapshot.features.get(feature)?.version ?? null;
  if (target.kind === "batch") {
    const moves = await movesToBatch(target.tx, publisher);
    return moves.map((move) => ({ ...move, from: from(move.feature) }));
  }
  return await Promise.all(target.features.map(async ({ name: feature, version }): Promise<ChosenMove> => {
    const now = from(feature);
    if (now !== null && version === undefined && !target.previous) throw noVersion(feature);
    if (version !== undefined && await publisher.metadata(feature, version) !== undefined) {
      return { feature, from: now, version };
    }
    const versions = await publisher.versions(feature);
    if (versions.length === 0) throw noFeature(feature, snapshot);
    if (version !== undefined) throw neverPublished(feature, version);
    if (!target.previous) throw noVersion(feature);
    const before = versions.filter((candidate) => now === null || compareVersions(candidate, now) < 0).at(-1);
    if (before === undefined) {
      throw new MlforgeError("usage", `There is no version of "${feature}" below ${now}`, {
        hint: `There are: ${versions.join(", ")}.`,
      });
    }
    return { feature, from: now, version: before };
  }));
}

/** The moves of a retirement. Throws (code `usage`) for features that are not published. */
export function chooseRetirement(features: readonly string[], snapshot: Snapshot): ChosenMove[] {
  return features.map((feature) => {
    const published = snapshot.features.get(feature);
    if (published === undefined) throw noFeature(feature, snapshot);
    return { feature, from: published.version, version: null };
  });
}

async function movesToBatch(tx: string, publisher: Publisher): Promise<Move[]> {
  for await (const entry of publisher.log()) {
    if (entry.tx !== tx) continue;
    return entry.features.map(({ feature, to }) => ({ feature, version: to }));
  }
  throw new MlforgeError("usage", `There is no batch "${tx}"`, {
    hint: "mlforge log shows those there are.",
  });
}

function noFeature(feature: string, snapshot: Snapshot): MlforgeError {
  return new MlforgeError("usage", `There is no published feature "${feature}"`, {
    hint: suggestName(feature, snapshot.features.keys()),
  });
}

function noVersion(feature: string): MlforgeError {
  return new MlforgeError("usage", `Which version of "${feature}" to go back to is not said`, {
    hint: `Name it, as in mlforge rollback ${feature} 1.0.0, or ask for --previous.`,
  });
}
