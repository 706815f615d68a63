import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import type { Wanted } from "../../fetch/fill.ts";
import type { CacheSettings, Lease } from "../../fetch/lease.ts";
import { addressesOf } from "../../fetch/placing.ts";
import { join } from "../../path.ts";
import type { SourceTask } from "../task.ts";
import { engineError } from "./errors.ts";
import type { Part } from "./parquet_part.ts";
import type { Scan } from "./parquet_scans.ts";

/** A group's sources as local files: those in buckets get places in the cache, which the two steps fill. */
export interface Fetched extends AsyncDisposable {
  sources: SourceTask[];
  /**
   * Fetches all that is not Parquet and, of Parquet, what tells the columns; then the sources can be bound. They have the
   * columns named (in lower case), or all where undefined. Errors name the source, at its place in the definitions.
   */
  bring(connection: DuckDBConnection, columns: ReadonlySet<string> | undefined): Promise<void>;
  /**
   * Fetches the rows, or those that a query with these scans can read. True where rows were left out: then a query that
   * reads others fails, as there are holes where they should be, and `fill` without scans fetches the rest.
   */
  fill(connection: DuckDBConnection, scans?: () => Promise<Scan[] | undefined> | undefined): Promise<boolean>;
  /** Ends what is being fetched, and what would be later. */
  stop(): void;
  /** A text of the engine with places in the cache replaced by what lies there. */
  explain(text: string): string;
}

export interface FetchedOptions {
  cache: CacheSettings;
  /** Told of bytes that came, of those that have to come. */
  onBytes?: (done: number, total: number) => void;
}

/** `connection`s that are given to it later may read the places of the `sources` that it has. */
export async function openFetched(tasks: readonly SourceTask[], options: FetchedOptions): Promise<Fetched> {
  if (tasks.every((task) => task.remote === undefined)) {
    return {
      sources: tasks.slice(),
      bring: () => Promise.resolve(),
      fill: () => Promise.resolve(false),
      stop() {},
      explain: (text) => text,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { openLease } = await import("../../fetch/lease.ts");
  const lease = openLease(options.cache);
  const stopping = new AbortController();
  const { onBytes } = options;
  const fetch = (wanted: readonly Wanted[]) =>
    lease.fetch(wanted, { signal: stopping.signal, ...(onBytes === undefined ? {} : { onBytes }) });
  const sources = await Promise.all(tasks.map((task) => placed(task, lease)));
  const parts: Part[] = [];
  return {
    sources,
    async bring(connection, columns) {
      const { openPart } = await import("./parquet_part.ts");
      for (const source of sources) {
        if (source.remote === undefined) continue;
        await ofSource(source, async () => {
          if (source.format !== "parquet") return await fetch(wholeFiles(source));
          parts.push(await openPart(source, { connection, columns, fetch, files: wholeFiles(source) }));
        });
      }
    },
    async fill(connection, scans) {
      // Of two sources it is not known which one a scan is of.
      const known = parts.length === 1 ? await scans?.() : undefined;
      let leftOut = false;
      for (const part of parts) {
        await ofSource(part.source, async () => {
          if (await part.fill(connection, known)) leftOut = true;
        });
      }
      return leftOut;
    },
    stop() {
      stopping.abort(new MlforgeError("interrupted", "Stopped while sources were being fetched"));
    },
    explain(text) {
      if (!text.includes(lease.folder)) return text;
      return tasks.reduce((explained, task, i) => {
        const addresses = task.remote === undefined ? [] : addressesOf(task.remote);
        return addresses.reduce((text, to, at) => text.replaceAll(sources[i]!.files[at]!, to), explained);
      }, text);
    },
    [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
  };
}

async function placed(task: SourceTask, lease: Lease): Promise<SourceTask> {
  if (task.remote === undefined) return task;
  const { placeOf } = await import("../../fetch/placing.ts");
  const folder = join(lease.folder, task.name);
  return {
    ...task,
    files: task.remote.objects.map(({ name }, i) => join(folder, placeOf(name, i))),
    ...(task.hiveRoot === undefined ? {} : { hiveRoot: folder }),
  };
}

function wholeFiles({ remote, files }: SourceTask): Wanted[] {
  if (remote === undefined) return [];
  const { bucket, objects } = remote;
  return objects.map((object, i) => ({ bucket, object, file: files[i]!, ranges: [[0, object.size]] }));
}

/** What fails while `work` is at a source fails as one error that names it, at its place. */
async function ofSource({ name, files, place }: SourceTask, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw cause instanceof MlforgeError
      ? cause.at(place, `source "${name}"`)
      : engineError(cause, `read source "${name}" (${files[0]})`, place);
  }
}
