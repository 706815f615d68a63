import type { DuckDBConnection } from "@duckdb/node-api";
import { literal } from "../engines/duckdb/types.ts";
import { PLACE } from "./open_feature.ts";

/** So many rows are held at once. */
const SLICE = 122_880;

/** Writes a Parquet file anew in Arrow's file format (`.arrow`), slice by slice, so that it is never held whole. */
export async function writeArrow(connection: DuckDBConnection, parquet: string, to: string): Promise<void> {
  const arrow = await import("apache-arrow");
  const { default: wasm } = await import("parquet-wasm/node");
  const source = `read_parquet(${literal(parquet)}, file_row_number = true)`;
  const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${source}`);
  const rows = Number(counted.getRows()[0]?.[0]);
  const slice = `${to}.slice`;
  const writer = new arrow.RecordBatchFileWriter();
  const written = writer.toDOMStream().pipeTo(
    (await Deno.open(to, { write: true, createNew: true })).writable,
  );
  try {
    for (let from = 0; from === 0 || from < rows; from += SLICE) {
      await connection.run(
        `COPY (SELECT * EXCLUDE (${PLACE}) FROM ${source} WHERE ${PLACE} >= ${from} AND ${PLACE} < ${
          from + SLICE
        })
         TO ${literal(slice)} (FORMAT parquet, COMPRESSION uncompressed)`,
      );
      const table = arrow.tableFromIPC(wasm.readParquet(await Deno.readFile(slice)).intoIPCStream());
      // One by one: given a table, the writer takes it for all there is.
      for (const batch of table.batches) writer.write(batch);
    }
    writer.finish();
  } catch (error) {
    writer.abort(error);
    throw error;
  } finally {
    await written;
    await Deno.remove(slice).catch(() => {});
  }
}
