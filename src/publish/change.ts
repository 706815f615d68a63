import type { ChangeSummary, MetaColumn } from "./meta.ts";
import type { Published, VersionWish } from "./publisher.ts";

/** Why one feature is to be built, and from where: all that choosing its next version needs. Plain data. */
export interface Change {
  published?: Published;
  /** Columns of the published version; absent where its schema_hash need not be explained. */
  columns?: MetaColumn[];
  top?: string;
  definitionChanged: boolean;
  sourceChanged: boolean;
  /** Nothing changed, but the data is not here: its rows, by which it is known also in another engine's bytes. */
  absent?: { rowsHash: string };
  requested?: string;
  /** Sentences that name what differs. */
  why: string[];
}

export interface Chosen {
  wish: VersionWish;
  summary: ChangeSummary;
}

/**
 * The version a change asks for, by what came out: a column gone or of another type is a major change, a column more or
 * another definition a minor one, only another source a patch. Undefined where nothing has to be published (a forced
 * build that gave the same bytes).
 */
export function chooseVersion(
  change: Change,
  output: { columns: readonly MetaColumn[]; schemaHash: string; contentHash: string; rowsHash: string },
): Chosen | undefined {
  const { published, top, requested } = change;
  const from = {
    ...(published === undefined ? {} : { published: published.version }),
    ...(top === undefined ? {} : { top }),
  };
  const choose = (bump: ChangeSummary["bump_type"], reason: string, details: string[]): Chosen => ({
    wish: { ...from, bump, ...(requested === undefined ? {} : { requested }) },
    summary: { bump_type: requested === undefined ? bump : "requested", reason, details },
  });
  if (published === undefined) return choose("first", "First build.", []);
  const schema = output.schemaHash === published.schema_hash
    ? { major: false, details: [] }
    : schemaDifference(change.columns ?? [], output.columns);
  if (schema.major) {
    return choose("major", "Columns went or changed their type.", [...change.why, ...schema.details]);
  }
  if (schema.details.length > 0) return choose("minor", "Columns came.", [...change.why, ...schema.details]);
  if (change.definitionChanged) {
    return choose("minor", "The definition changed; the columns did not.", change.why);
  }
  if (change.sourceChanged) return choose("patch", "The source changed.", change.why);
  const sameRows = change.absent !== undefined && change.absent.rowsHash === output.rowsHash;
  if (output.contentHash !== published.content_hash && !sameRows) {
    return choose("patch", "The same definition and source gave other data.", change.why);
  }
  return requested === undefined ? undefined : choose("requested", "A version was asked for.", change.why);
}

/** Sentences on the columns that differ, and whether any of them breaks a reader. A new order alone breaks none. */
export function schemaDifference(
  before: readonly MetaColumn[],
  after: readonly MetaColumn[],
): { major: boolean; details: string[] } {
  const old = new Map(before.map((c) => [c.name, c.dtype]));
  const now = new Map(after.map((c) => [c.name, c.dtype]));
  const gone = [...old.keys()].filter((name) => !now.has(name)).map((name) => `column ${name} is gone`);
  const other = [...old].flatMap(([name, dtype]) => {
    const type = now.get(name);
    return type !== undefined && type !== dtype ? [`column ${name} was ${dtype} and is ${type}`] : [];
  });
  const came = [...now].filter(([name]) => !old.has(name)).map(([name, dtype]) =>
    `column ${name} (${dtype}) is new`
  );
  const details = [...gone, ...other, ...came];
  return {
    major: gone.length + other.length > 0,
    details: details.length === 0 ? ["the columns' order changed"] : details,
  };
}
