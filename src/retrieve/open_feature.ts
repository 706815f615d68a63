import type { DuckDBConnection } from "@duckdb/node-api";
import { type Column, columnsOf, literal, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Chosen } from "./choose.ts";

/** SQL name of a row's place in its file, from 0. */
export const PLACE = "file_row_number";

/** A value of a feature, and its name beside the labels' columns. */
export interface Value extends Column {
  output: string;
}

/** A chosen feature's data as a view, whose rows say their place in the file. */
export interface Opened {
  chosen: Chosen;
  view: string;
  columns: Column[];
  /** What is retrieved of it, in order. */
  values: Value[];
}

/** Throws where a column is asked for that the feature does not have. */
export async function openFeature(connection: DuckDBConnection, chosen: Chosen): Promise<Opened> {
  const view = quote(`_feature_${chosen.feature}`);
  const file = `read_parquet([${literal(chosen.file)}], file_row_number = true)`;
  await connection.run(`CREATE VIEW ${view} AS SELECT * FROM ${file}`);
  const columns = columnsOf(await connection.run(`SELECT * EXCLUDE (${PLACE}) FROM ${view} LIMIT 0`));
  return { chosen, view, columns, values: valuesOf(chosen, columns) };
}

/** Leaves of an opened feature's rows those that `where` names, by SQL over PLACE, and of its columns these. */
export async function narrow(
  connection: DuckDBConnection,
  { chosen, view }: Opened,
  { file = chosen.file, columns, where }: { file?: string; columns: readonly string[]; where: string },
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE VIEW ${view} AS SELECT ${[...columns.map(quote), PLACE].join(", ")}
     FROM read_parquet([${literal(file)}], file_row_number = true) WHERE ${where}`,
  );
}

/** What is retrieved of a version that has these columns. Throws where one is asked for that is not there. */
export function valuesOf(
  chosen: Pick<Chosen, "feature" | "version" | "meta" | "only">,
  columns: readonly Column[],
): Value[] {
  const { meta, feature } = chosen;
  const timed = meta.mlforge.stamp !== "none" && meta.timestamp !== null;
  const all = columns.filter((c) => !meta.keys.includes(c.name) && !(timed && c.name === meta.timestamp)).map(
    (column): Value => ({ ...column, output: outputName(chosen, column.name) }),
  );
  const values = chosen.only?.map((name) => {
    const found = all.find((value) => value.name === name || value.output === name);
    if (found !== undefined) return found;
    throw new MlforgeError("usage", `Feature "${feature}" ${chosen.version} has no column "${name}"`, {
      hint: suggestName(name, all.map((value) => value.name)),
    });
  });
  return values ?? all;
}

/** Metric columns have names of their own; any other gets the feature's in front, so that it is always called the same. */
function outputName({ feature, meta }: Pick<Chosen, "feature" | "meta">, column: string): string {
  const own = meta.features.some((f) => f.name === column) || column.startsWith(`${feature}__`);
  return own ? column : `${feature}__${column}`;
}
