import { basename, dirname, join, resolve } from "node:path";
import { engineError } from "../engines/duckdb/errors.ts";
import { type Column, literal, quote, storable } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Publisher } from "../publish/publisher.ts";
import { chooseFeatures, type Chosen } from "./choose.ts";
import { type FeatureReport, type Joined, joinFeature, openFeature } from "./join.ts";
import { addTime, LABELS, loadLabels, requireLabel, ROW } from "./labels.ts";

export interface RetrieveRequest {
  publisher: Publisher;
  /** A .parquet, .csv (with a header line) or .json file: the rows to get features for. */
  labels: string;
  /** `name`, for the published version, or `name@1.2.0`. */
  features: readonly string[];
  /** The label column with each label's time. By default the features' own timestamp, where they agree. */
  time?: string;
  /** The Parquet file to write; one that is there is replaced. */
  output: string;
  /** Feature key -> label column, where the names differ. */
  keys?: Readonly<Record<string, string>>;
  /** In bytes, for DuckDB. */
  memory?: number;
  threads?: number;
}

export interface RetrieveReport {
  /** Absolute path. */
  output: string;
  /** As many as there are labels. */
  rows: number;
  features: FeatureReport[];
  /** Worth saying, from the store. */
  notes: readonly string[];
}

/**
 * Joins features to labels as they were known at each label's time, and writes a Parquet file: the labels' columns and
 * rows, all of them and in their order, then the features' columns. All features are of one moment of the store.
 *
 * Errors: features, versions, keys or times that do not fit (code `usage`), data that is not here or can't be read
 * (`failed`). The output is written beside its place and renamed: it is whole, or as it was.
 */
export async function retrieve(request: RetrieveRequest): Promise<RetrieveReport> {
  const output = resolve(request.output);
  if (!output.toLowerCase().endsWith(".parquet")) {
    throw new MlforgeError("usage", `Can't write "${request.output}"`, {
      hint: "The output is Parquet: end it in .parquet.",
    });
  }
  const snapshot = await request.publisher.read();
  const chosen = await chooseFeatures(request.publisher, snapshot, request.features);
  const keys = checkKeys(request.keys ?? {}, chosen);
  const time = labelTime(request.time, chosen);
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const scratch = await Deno.makeTempDir({ prefix: "mlforge-retrieve-" });
  const instance = await DuckDBInstance.create(":memory:", settings(request, scratch));
  try {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const opened = [];
    for (const one of chosen) opened.push(await openFeature(connection, one));
    const texts = new Set(
      opened.flatMap(({ chosen, columns }) =>
        columns.filter((c) => chosen.meta.keys.includes(c.name) && c.type === "VARCHAR").map((c) =>
          keys[c.name] ?? c.name
        )
      ),
    );
    const labels = await loadLabels(connection, resolve(request.labels), { texts });
    if (time !== undefined) {
      requireLabel(labels, time, "the labels' time");
      await addTime(connection, time);
    }
    const joined: Joined[] = [];
    for (const one of opened) joined.push(await joinFeature(connection, one, { labels, keys }));
    requireNames(labels, joined);
    const write = (file: string) => connection.run(copyStatement(labels, joined, file));
    await writeBeside(output, write);
    const rows = await connection.runAndReadAll(`SELECT count(*) FROM ${LABELS}`);
    return {
      output,
      rows: Number(rows.getRows()[0]?.[0]),
      features: joined.map(({ table: _, ...report }) => report),
      notes: snapshot.notes,
    };
  } catch (cause) {
    throw engineError(cause, "retrieve features");
  } finally {
    instance.closeSync();
    await Deno.remove(scratch, { recursive: true });
  }
}

function settings({ memory, threads }: RetrieveRequest, scratch: string): Record<string, string> {
  return {
    temp_directory: scratch,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "true",
    ...(memory === undefined ? {} : { memory_limit: `${Math.max(64, Math.floor(memory / 1e6))}MB` }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  };
}

/** The keys' map, where each name is one of a feature's keys. */
function checkKeys(
  keys: Readonly<Record<string, string>>,
  chosen: readonly Chosen[],
): Readonly<Record<string, string>> {
  const known = new Set(chosen.flatMap(({ meta }) => meta.keys));
  const unknown = Object.keys(keys).find((key) => !known.has(key));
  if (unknown === undefined) return keys;
  throw new MlforgeError("usage", `No feature here has the key "${unknown}"`, {
    hint: suggestName(unknown, known),
  });
}

/** The label column that holds the time; undefined where no feature has time and none is given. */
function labelTime(asked: string | undefined, chosen: readonly Chosen[]): string | undefined {
  const own = new Set(
    chosen.flatMap(({ meta }) => (meta.mlforge.stamp === "none" ? [] : [meta.timestamp ?? ""])),
  );
  if (asked !== undefined || own.size === 0) return asked;
  const [only] = own;
  if (own.size === 1) return only;
  throw new MlforgeError("usage", `The features call their times differently: ${[...own].join(", ")}`, {
    hint: "Name the label column that holds the labels' time: --time COLUMN.",
  });
}

function requireNames(labels: readonly Column[], joined: readonly Joined[]): void {
  const taken = new Map(labels.map(({ name }) => [name.toLowerCase(), "the labels"]));
  for (const { feature, columns } of joined) {
    for (const column of columns) {
      const other = taken.get(column.toLowerCase());
      if (other !== undefined) {
        throw new MlforgeError("usage", `Both ${other} and feature "${feature}" have a column "${column}"`, {
          hint: "Rename the labels' column, give one feature another `tag`, or retrieve them in two runs.",
        });
      }
      taken.set(column.toLowerCase(), `feature "${feature}"`);
    }
  }
}

function copyStatement(labels: readonly Column[], joined: readonly Joined[], file: string): string {
  const own = `SELECT ${[...labels.map(storable), ROW].join(", ")} FROM ${LABELS}`;
  const added = joined.flatMap(({ columns, table }) => columns.map((name) => `${table}.${quote(name)}`));
  const tables = joined.map(({ table }) => `JOIN ${table} USING (${ROW})`).join(" ");
  return `COPY (SELECT ${
    [`l.* EXCLUDE (${ROW})`, ...added].join(", ")
  } FROM (${own}) l ${tables} ORDER BY l.${ROW})
    TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`;
}

/** Writes a file beside its place, then renames it there. */
async function writeBeside(output: string, write: (file: string) => Promise<unknown>): Promise<void> {
  const folder = dirname(output);
  const temporary = join(folder, `.${basename(output)}.${crypto.randomUUID()}`);
  await Deno.stat(folder).catch((cause: unknown) => {
    throw new MlforgeError("usage", `Can't write into the folder "${folder}"`, {
      cause,
      hint: "Make it first.",
    });
  });
  try {
    await write(temporary);
    await Deno.rename(temporary, output);
  } catch (cause) {
    throw engineError(cause, `write "${output}"`);
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
}
