import type { DuckDBConnection } from "@duckdb/node-api";
import { footerOf, likelyFooter } from "../../fetch/footer.ts";
import type { Wanted } from "../../fetch/fill.ts";
import { length, merge, type Range } from "../../fetch/ranges.ts";
import type { SourceTask } from "../task.ts";
import { chunkRanges } from "./parquet_chunks.ts";
import { readableGroups, type Scan } from "./parquet_scans.ts";
import { neededOf } from "./session.ts";
import { readSource } from "./sources.ts";
import { columnsOf } from "./types.ts";

/** A source of Parquet objects whose small files and footers are here; of the large ones the rows are to come. */
export interface Part {
  source: SourceTask;
  /** As `Fetched.fill`, of this source. */
  fill(connection: DuckDBConnection, scans: readonly Scan[] | undefined): Promise<boolean>;
}

export interface PartOptions {
  connection: DuckDBConnection;
  /** Lower-case names of the columns that are needed; all where undefined. */
  columns: ReadonlySet<string> | undefined;
  /** The source's files as wholes. */
  files: readonly Wanted[];
  fetch(wanted: readonly Wanted[]): Promise<void>;
}

/** What is not worth requests of its own: a smaller file is fetched whole, a smaller gap with what is around it. */
export const SMALL_FILE = 1 << 20;
const SMALL_GAP = 256 << 10;

/** A file is fetched in part where that leaves out so much of it. */
const LARGE_SAVING = 0.25;

/**
 * Fetches small files and footers. From then on the source has only the columns that are needed: no other one can be
 * read by mistake.
 */
export async function openPart(source: SourceTask, options: PartOptions): Promise<Part> {
  const { connection, fetch } = options;
  const large = options.files.filter(({ object }) => object.size > SMALL_FILE);
  await fetch(options.files.filter((one) => !large.includes(one)));
  if (large.length === 0) return { source, fill: () => Promise.resolve(false) };
  const footers = await fetchFooters(large, fetch);
  const columns = columnsOf(await connection.run(`${await readSource(connection, source)} LIMIT 0`));
  const names = columns.map(({ name }) => name);
  if (options.columns !== undefined) source.columns = neededOf(names, options.columns);
  return {
    source,
    async fill(connection, scans) {
      const files = [...footers.keys()];
      // To know nothing of the row groups is to read all of them.
      const groups = scans &&
        await readableGroups(connection, files, { scans, columns }).catch(() => undefined);
      let leftOut = false;
      const reads = (file: string, group: number) => {
        const read = groups === undefined || groups.has(`${file} ${group}`);
        if (!read) leftOut = true;
        return read;
      };
      const chunks = await chunkRanges(connection, files, { columns: source.columns ?? names, reads });
      await fetch(large.map((whole) => partOf(whole, footers.get(whole.file), chunks?.get(whole.file))));
      return leftOut;
    },
  };
}

/** Footers by file. Of one that has none all is fetched, so that the engine can say what is wrong with it. */
export async function fetchFooters(
  files: readonly Wanted[],
  fetch: PartOptions["fetch"],
): Promise<Map<string, Range>> {
  await fetch(files.map((one) => ({ ...one, ranges: [likelyFooter(one.object.size)] })));
  const footers = new Map<string, Range>();
  await fetch(
    await Promise.all(files.map(async (one) => {
      const footer = await footerOf(one.file, one.object.size);
      if (footer === undefined) return one;
      footers.set(one.file, footer);
      return { ...one, ranges: [footer] };
    })),
  );
  return footers;
}

/** The chunks of a file, where that saves enough; else the whole file. */
export function partOf(
  whole: Wanted,
  footer: Range | undefined,
  chunks: readonly Range[] | undefined,
): Wanted {
  if (footer === undefined || chunks === undefined) return whole;
  const { size } = whole.object;
  const clipped = chunks.map(([from, to]): Range => [from, Math.min(to, size)]);
  const ranges = merge([footer, ...clipped], SMALL_GAP);
  return size - length(ranges) < size * LARGE_SAVING ? whole : { ...whole, ranges };
}
