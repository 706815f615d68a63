import type { Table } from "apache-arrow";
import type { TransformFunction } from "../../definitions/model.ts";
import { MlforgeError } from "../../error.ts";
import { requireOnce } from "../duckdb/relation.ts";
import type { Session } from "../duckdb/session.ts";
import type { FeatureTask } from "../task.ts";
import { toArrow } from "./from_duckdb.ts";

/**
 * Runs a feature's function on its sources and writes what it gives to `file`, as Parquet that only DuckDB will read.
 * Errors of the function keep their stack as cause; what it gives must be an Arrow table.
 */
export async function runFunction(
  session: Session,
  task: FeatureTask,
  run: TransformFunction,
  file: string,
): Promise<void> {
  const arrow = await import("apache-arrow");
  const tables: Record<string, Table> = {};
  for (const name of task.sources) {
    tables[name] = await toArrow(session.connection, arrow, {
      name,
      feature: task.feature,
      place: task.place,
    });
  }
  const [only] = task.sources;
  if (task.sources.length === 1 && only !== undefined && tables[only] !== undefined) {
    tables["source"] = tables[only];
  }
  const fail = (message: string, cause?: unknown) =>
    new MlforgeError("failed", `Function of feature "${task.feature}" ${message}`, {
      place: task.place,
      cause,
    });
  let table: unknown;
  try {
    table = await run(tables, { arrow });
  } catch (cause) {
    if (cause instanceof MlforgeError) throw cause;
    throw fail(`threw ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`, cause);
  }
  if (!isTable(table)) throw fail(`gave ${table === null ? "null" : typeof table}, not an Arrow table`);
  const names = table.schema.fields.map((field) => field.name);
  if (names.length === 0) throw fail("gave a table without columns");
  if (names.includes("")) throw fail("gave a column without a name");
  // Read back from Parquet, the second one would be called "x_1".
  requireOnce(task, names);
  await writeParquet(arrow, table, file);
}

/** By shape: the table may come from another copy of apache-arrow, imported by the definitions. */
function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && "schema" in value && "batches" in value &&
    "numRows" in value;
}

async function writeParquet(arrow: typeof import("apache-arrow"), table: Table, file: string): Promise<void> {
  const { default: wasm } = await import("parquet-wasm/node");
  const ipc = arrow.tableToIPC(table, "stream");
  const properties = new wasm.WriterPropertiesBuilder().setCompression(wasm.Compression.UNCOMPRESSED).build();
  await Deno.writeFile(file, wasm.writeParquet(wasm.Table.fromIPCStream(ipc), properties));
}
