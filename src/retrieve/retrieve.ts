import { engineError } from "../engines/duckdb/errors.ts";
import { MlforgeError } from "../error.ts";
import { dirname, resolve } from "node:path";
import { parseAddress } from "../fetch/object.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { StoreConfig } from "../stores/config.ts";
import { hashFile } from "../stores/files.ts";
import { chooseFeatures } from "./choose.ts";
import { type Fill, fillExpressions } from "./fill.ts";
import { type OutputFormat, outputFormatOf } from "./formats.ts";
import { type FeatureReport, joinFeatures } from "./join.ts";
import { labelFiles, type LabelsFrom } from "./label_files.ts";
import { addTime, loadLabels, requireLabel } from "./labels.ts";
import {
  embedded,
  type Lock,
  lockBeside,
  lockedText,
  newLock,
  requireSameInput,
  requireSameOutput,
} from "./lock.ts";
import { type Opened, openFeature } from "./open_feature.ts";
import { writeRows } from "./output.ts";
import type { Read } from "./remote_data.ts";
import { type AfterWatermark, rulesOf } from "./rules.ts";
import { writeBeside } from "./write_beside.ts";

export interface RetrieveRequest {
  publisher: Publisher;
  /** Labels in a bucket are reached as this store is, where it is of their kind. */
  store?: StoreConfig;
  /**
   * The rows to get features for: a .parquet, .csv (with a header line) or .json file, a glob of such, the address of an
   * object, a prefix or a glob in a bucket, or a stream.
   */
  labels: LabelsFrom;
  /** `name` (the published version), `name@1.2.0`, `name:column+column` or `name@1.2.0:column`. */
  features: readonly string[];
  /** The label column with each label's time. By default the features' own timestamp, where they agree. */
  time?: string;
  /** The file to write; one that is there is replaced. */
  output: string;
  /** By the output's ending by default. */
  format?: OutputFormat;
  /** Feature key -> label column, where the names differ. */
  keys?: Readonly<Record<string, string>>;
  /** What becomes of labels beyond a feature's data: NULL by default. */
  afterWatermark?: AfterWatermark;
  /** In seconds, by feature: older rows count as none. */
  maxAge?: Readonly<Record<string, number>>;
  /** Instead of NULL where a label has no row. */
  fill?: Fill;
  /** Where to write the lock. By default beside the output: `train.lock.json` for `train.parquet`. */
  lock?: string;
  /** Makes what this lock describes again: the same bytes, or an error that says what is gone. */
  locked?: Lock;
  /** In bytes, for the whole process; by default what DuckDB takes, most of the machine's. */
  memory?: number;
  threads?: number;
}

export interface RetrieveReport {
  /** Absolute path. */
  output: string;
  /** Absolute path. */
  lock: string;
  /** As many as there are labels. */
  rows: number;
  features: FeatureReport[];
  /** Worth saying, from the store. */
  notes: readonly string[];
}

/**
 * Joins features to labels as they were known at each label's time, and writes one file: the labels' columns and rows, all
 * of them and in their order, then the features' columns. All features are of one moment of the store; a lock beside the
 * file says which.
 *
 * Errors: features, versions, columns, keys or times that do not fit (code `usage`), data that is not here or can't be
 * read, labels beyond the data where that is refused (`failed`). The output is written beside its place and renamed: it is whole, or
 * as it was.
 */
export async function retrieve(request: RetrieveRequest): Promise<RetrieveReport> {
  if (parseAddress(request.output) !== undefined) throw notLocal(request.output);
  const output = resolve(request.output);
  const format = request.format ?? outputFormatOf(request.output);
  const lockFile = resolve(request.lock ?? lockBeside(output));
  const snapshot = await request.publisher.read();
  await using remote = request.publisher.dataObject &&
    (await import("./remote_data.ts")).openRemoteData(request.publisher);
  const chosen = await chooseFeatures(request.publisher, snapshot, request.features, remote?.dataPath);
  const rules = rulesOf(request, chosen);
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const scratch = await Deno.makeTempDir({ prefix: "mlforge-retrieve-" });
  const instance = await DuckDBInstance.create(":memory:", settings(request, scratch));
  try {
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    // It would give holes for what came since.
    if (remote !== undefined) await connection.run("SET enable_external_file_cache = false");
    const opened: Opened[] = [];
    for (const one of chosen) opened.push(await openFeature(connection, one));
    await using files = await labelFiles(request.labels, { scratch, store: request.store });
    const lock = await newLock(chosen, rules, { files, folder: dirname(lockFile), format });
    if (request.locked !== undefined) requireSameInput(lock, request.locked);
    const labels = await loadLabels(connection, files, { texts: textKeys(opened, rules.keys) });
    if (rules.time !== undefined) {
      requireLabel(labels.columns, rules.time, "the labels' time");
      await addTime(connection, rules.time);
    }
    const read: (Read | undefined)[] = [];
    for (const one of opened) read.push(await remote?.bring(connection, one, { ...rules, labels }));
    const joined = await joinFeatures(connection, opened, { ...rules, labels });
    const reports = joined.features.map(({ report }, i) => ({
      ...report,
      ...(read[i] && { read: read[i] }),
    }));
    requireNames(labels.columns.map(({ name }) => name), reports);
    const fill = await fillExpressions(connection, opened, rules.fill);
    await writeBeside([output, lockFile], async ([data = "", lockText = ""]) => {
      const carried = embedded(request.locked ?? lock);
      await writeRows(connection, { labels: labels.columns, joined, fill }, {
        file: data,
        format,
        lock: carried,
      });
      const sha256 = await hashFile(data);
      if (request.locked !== undefined) requireSameOutput(sha256, request.locked);
      await Deno.writeTextFile(lockText, lockedText(request.locked ?? lock, sha256));
    });
    return {
      output,
      lock: lockFile,
      rows: labels.rows,
      features: reports,
      notes: snapshot.notes,
    };
  } catch (cause) {
    throw engineError(cause, "retrieve features");
  } finally {
    instance.closeSync();
    await Deno.remove(scratch, { recursive: true });
  }
}

function notLocal(output: string): MlforgeError {
  return new MlforgeError("usage", `Can't write "${output}": the output is a local file`, {
    hint: "Write it here, and bring it there with the provider's own tool.",
  });
}

/** Of the memory asked for, what DuckDB counts as its own: rows on their way into a Parquet file are not among it. */
const COUNTED = 0.5;

function settings({ memory, threads }: RetrieveRequest, scratch: string): Record<string, string> {
  return {
    temp_directory: scratch,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "true",
    ...(memory === undefined
      ? {}
      : { memory_limit: `${Math.max(64, Math.floor(memory * COUNTED / 1e6))}MB` }),
    ...(threads === undefined ? {} : { threads: String(threads) }),
  };
}

/** Label columns that are a feature's key of text: a CSV's 007 stays what it is. */
function textKeys(opened: readonly Opened[], keys: Readonly<Record<string, string>>): Set<string> {
  return new Set(
    opened.flatMap(({ chosen, columns }) =>
      columns.filter((c) => chosen.meta.keys.includes(c.name) && c.type === "VARCHAR").map((c) =>
        keys[c.name] ?? c.name
      )
    ),
  );
}

function requireNames(labels: readonly string[], features: readonly FeatureReport[]): void {
  const taken = new Map(labels.map((name) => [name.toLowerCase(), "the labels"]));
  for (const { feature, columns } of features) {
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
