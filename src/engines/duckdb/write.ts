import { createHash } from "node:crypto";
import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import type { Built, FeatureTask } from "../task.ts";
import { RawChunk } from "./chunk.ts";
import type { Prepared } from "./feature.ts";
import { rowsDigest } from "./rows_hash.ts";
import type { Session } from "./session.ts";
import { gather } from "./statistics/gather.ts";
import { literal } from "./types.ts";

/** What is known of rows once they are written. */
export type Written = Pick<Built, "rows" | "rowsHash" | "statistics" | "bytes" | "contentHash">;

/** Writes the file, and reads the rows for their hash and statistics at the same time, each on a connection of its own. */
export async function writeRows(
  session: Session,
  task: FeatureTask,
  ordered: Prepared,
  file: string,
): Promise<Written> {
  const metadata = `{mlforge_feature: ${literal(task.feature)}, mlforge_config_hash: ${
    literal(task.configHash)
  }}`;
  const digest = rowsDigest(ordered.columns);
  const statistics = gather(ordered.columns, ordered.described, ordered.drift.takers);
  const reading = await session.instance.connect();
  try {
    const copy = session.connection.runAndReadAll(
      `COPY (SELECT ${ordered.select} FROM ${ordered.from}) TO ${literal(file)}
       (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, KV_METADATA ${metadata})`,
    );
    copy.catch(() => reading.interrupt());
    const read = eachChunk(
      reading,
      `SELECT ${[...digest.list, ...statistics.list].join(", ")}
       FROM (SELECT ${ordered.select} FROM ${ordered.from})`,
      (chunk) => {
        // The digest clears what stands under NULLs.
        statistics.add(chunk);
        digest.add(chunk);
      },
    );
    // Both to their end, whatever fails: a connection that is closed while something runs on it ends the process.
    const [copied, looked] = await Promise.allSettled([copy, read]);
    if (copied.status === "rejected") throw copied.reason;
    if (looked.status === "rejected") throw looked.reason;
    const { hash: rowsHash, rows } = digest.finish();
    const written = Number(copied.value.getRows()[0]?.[0]);
    // DuckDB ends a stream that is interrupted like one that is done.
    if (rows !== written) throw new MlforgeError("interrupted", `Stopped after ${rows} of ${written} rows`);
    return { rows, rowsHash, statistics: statistics.finish(), ...await hashFile(file) };
  } finally {
    reading.closeSync();
  }
}

async function eachChunk(
  connection: DuckDBConnection,
  query: string,
  take: (chunk: RawChunk) => void,
): Promise<void> {
  const result = await connection.stream(query);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    take(new RawChunk(chunk));
  }
}

async function hashFile(path: string): Promise<Pick<Written, "bytes" | "contentHash">> {
  const hash = createHash("sha256");
  let bytes = 0;
  using file = await Deno.open(path);
  for await (const part of file.readable) {
    hash.update(part);
    bytes += part.length;
  }
  return { contentHash: hash.digest("hex"), bytes };
}
