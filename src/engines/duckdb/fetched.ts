import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import type { CacheSettings, Lease, Wanted } from "../../fetch/lease.ts";
import { addressesOf } from "../../fetch/placing.ts";
import { length, merge, type Range } from "../../fetch/ranges.ts";
import { join } from "../../path.ts";
import type { SourceTask } from "../task.ts";
import { engineError } from "./errors.ts";
import { neededOf } from "./session.ts";
import { readSource } from "./sources.ts";

/** Which bytes of the sources a group reads: those of columns (lower-case names), all, or what tells the columns. */
export type Need = ReadonlySet<string> | "all" | "schema";

/** A group's sources as local files: those in buckets get places in the cache, which `bring` fills. */
export interface Fetched extends AsyncDisposable {
  sources: SourceTask[];
  /** `connection` may read the places. Errors name the source, and its place in the definitions. */
  bring(connection: DuckDBConnection, need: Need): Promise<void>;
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

/** What is not worth a request of its own: a smaller file is fetched whole, a smaller gap with what is around it. */
const SMALL_FILE = 1 << 20;
const SMALL_GAP = 256 << 10;

/** A file is fetched in part where that leaves out so much of it. */
const LARGE_SAVING = 0.25;

export async function openFetched(tasks: readonly SourceTask[], options: FetchedOptions): Promise<Fetched> {
  if (tasks.every((task) => task.remote === undefined)) {
    return {
      sources: tasks.slice(),
      bring: () => Promise.resolve(),
      stop() {},
      explain: (text) => text,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { openLease } = await import("../../fetch/lease.ts");
  const lease = openLease(options.cache);
  const stopping = new AbortController();
  const fetch = (wanted: readonly Wanted[]) =>
    lease.fetch(wanted, {
      signal: stopping.signal,
      ...(options.onBytes === undefined ? {} : { onBytes: options.onBytes }),
    });
  const sources = await Promise.all(tasks.map((task) => placed(task, lease)));
  const addresses = new Map(tasks.flatMap((task, i) => {
    const all = task.remote === undefined ? [] : addressesOf(task.remote);
    return all.map((address, at) => [sources[i]?.files[at] ?? "", address] as const);
  }));
  return {
    sources,
    async bring(connection, need) {
      for (const source of sources) {
        if (source.remote === undefined) continue;
        try {
          await bringSource(source, { connection, need, fetch });
        } catch (cause) {
          throw ofSource(source, cause);
        }
      }
    },
    stop() {
      stopping.abort(new MlforgeError("interrupted", "Stopped while sources were being fetched"));
    },
    explain(text) {
      if (!text.includes(lease.folder)) return text;
      let explained = text;
      for (const [path, address] of addresses) explained = explained.replaceAll(path, address);
      return explained;
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

interface Bringing {
  connection: DuckDBConnection;
  need: Need;
  fetch(wanted: readonly Wanted[]): Promise<void>;
}

/** Fetches one source, of Parquet only what is needed where that saves much; then it has only the `columns` fetched. */
async function bringSource(source: SourceTask, { connection, need, fetch }: Bringing): Promise<void> {
  const all = wholeFiles(source);
  if (source.format !== "parquet" || need === "all") return await fetch(all);
  const large = all.filter(({ object }) => object.size > SMALL_FILE);
  await fetch(all.filter(({ object }) => object.size <= SMALL_FILE));
  const footers = await bringFooters(large, fetch);
  if (need === "schema" || large.length === 0) return;
  const names = (await connection.run(`${await readSource(connection, source)} LIMIT 0`)).columnNames();
  const columns = neededOf(names, need);
  const { chunkRanges } = await import("./parquet_chunks.ts");
  const chunks = await chunkRanges(connection, [...footers.keys()], columns);
  let left = 0;
  const wanted = large.map((one): Wanted => {
    const [footer, own] = [footers.get(one.file), chunks?.get(one.file)];
    if (footer === undefined || own === undefined) return one;
    const ranges = merge([footer, ...clipped(own, one.object.size)], SMALL_GAP);
    const saved = one.object.size - length(ranges);
    if (saved < one.object.size * LARGE_SAVING) return one;
    left += saved;
    return { ...one, ranges };
  });
  if (left > 0) source.columns = columns;
  await fetch(wanted);
}

function wholeFiles({ remote, files }: SourceTask): Wanted[] {
  return (remote?.objects ?? []).map((object, i) => ({
    bucket: remote!.bucket,
    object,
    file: files[i] ?? "",
    ranges: [[0, object.size]],
  }));
}

/** By file; of one without a footer all is fetched, so that the engine can say what is wrong with it. */
async function bringFooters(
  files: readonly Wanted[],
  fetch: Bringing["fetch"],
): Promise<Map<string, Range>> {
  const { footerOf, likelyFooter } = await import("../../fetch/footer.ts");
  const likely = files.map((one) => ({ ...one, ranges: [likelyFooter(one.object.size)] }));
  await fetch(likely);
  const footers = new Map<string, Range>();
  const rest: Wanted[] = [];
  for (const [i, { file, object }] of files.entries()) {
    const footer = await footerOf(file, object.size);
    if (footer === undefined) {
      rest.push(files[i]!);
      continue;
    }
    footers.set(file, footer);
    rest.push({ ...files[i]!, ranges: [footer] });
  }
  await fetch(rest);
  return footers;
}

function clipped(ranges: readonly Range[], size: number): Range[] {
  return ranges.map(([from, to]) => [from, Math.min(to, size)]);
}

/** One error that names the source, at its place. */
function ofSource({ name, files, place }: SourceTask, cause: unknown): MlforgeError {
  if (!(cause instanceof MlforgeError)) {
    return engineError(cause, `read source "${name}" (${files[0]})`, place);
  }
  return cause.at(place, `source "${name}"`);
}
