import type { Meta } from "../meta.ts";
import type { LogEntry } from "../publisher.ts";
import type { Layout } from "./layout.ts";
import { featureFolders, readMetadata, readVersions } from "./reading.ts";

/**
 * The builds that made the versions which are here, newest first: of metadata, which git moves with everything else. A
 * rollback or a retirement is a change of pointers, which git's own log tells.
 */
export async function* readLog(layout: Layout): AsyncIterable<LogEntry> {
  const entries = new Map<string, LogEntry>();
  for (const feature of (await featureFolders(layout)).sort()) {
    for (const version of await readVersions(layout, feature)) {
      const meta = await readMetadata(layout, feature, version);
      if (meta !== undefined) note(entries, meta);
    }
  }
  yield* [...entries.values()].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}

function note(
  entries: Map<string, LogEntry>,
  { name: feature, version, created_at: at, mlforge }: Meta,
): void {
  const { tx, tool } = mlforge;
  // Another tool's versions have no batch in common.
  const key = tx === "" ? `${feature}@${version}` : tx;
  const entry = entries.get(key) ?? { tx, at, tool, kind: "build", features: [] };
  entries.set(key, entry);
  if (at > entry.at) entry.at = at;
  entry.features.push({ feature, to: version });
}
