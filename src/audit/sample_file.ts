import type { DuckDBConnection } from "@duckdb/node-api";
import { engineError } from "../engines/duckdb/errors.ts";
import { timeColumn } from "../engines/duckdb/timestamp.ts";
import { columnsOf, literal, quote } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Meta } from "../publish/meta.ts";
import type { Rows } from "../engines/duckdb/relation.ts";
import { kindOf } from "../engines/duckdb/rolling/input.ts";
import type { FeatureTask } from "../engines/task.ts";
import type { Lock } from "../retrieve/lock.ts";
import type { Value } from "../retrieve/open_feature.ts";
import type { SampleOptions } from "./sample_feature.ts";
import type { Asked, AskedColumn } from "./theory.ts";
import type { TrainingSet } from "./training_set.ts";

/** A sample of a training set's rows, in a Parquet file: `n` (the row, from 0), `moment`, `c0`, `c1`, ... */
export interface SampledFile {
  file: string;
  /** SQL of each of the training set's columns there. */
  column: ReadonlyMap<string, string>;
  /** DuckDB's type of each of its columns; undefined where all are text. */
  types: ReadonlyMap<string, string> | undefined;
}

const SET = "_mlforge_audit_set";
const ROW = "file_row_number";

/**
 * Takes rows at random, in turn of each kind: which features have a row there, and which do not. Of each kind, one of every
 * key before a second one.
 */
export async function sampleFile(
  connection: DuckDBConnection,
  { lock, format }: TrainingSet,
  { file, metas, values, sample, seed, to }: SampleOptions & {
    file: string;
    metas: readonly Meta[];
    /** The columns to audit. */
    values: readonly Value[];
    /** Where the rows are written. */
    to: string;
  },
): Promise<SampledFile> {
  try {
    await connection.run(
      `CREATE VIEW ${SET} AS SELECT * FROM ${
        format === "parquet"
          ? `read_parquet([${literal(file)}], file_row_number = true)`
          : `(SELECT *, row_number() OVER () - 1 AS ${ROW}
              FROM read_csv(${literal(file)}, header = true, all_varchar = true, allow_quoted_nulls = false))`
      }`,
    );
    const columns = columnsOf(await connection.run(`SELECT * EXCLUDE (${ROW}) FROM ${SET} LIMIT 0`));
    const keys = [...new Set(metas.flatMap((meta) => meta.keys).map((key) => lock.keys[key] ?? key))];
    const { time } = lock.labels;
    const needed = [...new Set([...keys, ...values.map(({ output }) => output)])];
    for (const name of [...needed, ...(time === null ? [] : [time])]) {
      requireColumn(file, name, columns.map((column) => column.name));
    }
    const moment = time === null
      ? "CAST(NULL AS TIMESTAMP)"
      : await timeColumn(connection, { relation: SET, column: time, what: "the training set" });
    const kind = values.length === 0
      ? "''"
      : `concat(${values.map(({ output }) => `(${quote(output)} IS NULL)::UTINYINT`).join(", ")})`;
    const key = keys.length === 0 ? "0" : `hash(${keys.map(quote).join(", ")})`;
    const taken = `
      WITH rows AS (
        SELECT ${ROW} AS n, ${kind} AS kind, ${key} AS key, hash(${ROW}, ${seed}) AS chance FROM ${SET}
      ), of_keys AS (
        SELECT kind, arg_min(n, chance) AS n, min(hash(key, ${seed})) AS chance FROM rows GROUP BY kind, key
      ), candidates AS (
        SELECT kind, unnest(arg_min(n, chance, ${sample})) AS n, 0 AS tier FROM of_keys GROUP BY kind
        UNION ALL
        SELECT kind, unnest(arg_min(n, chance, ${sample})) AS n, 1 AS tier FROM rows GROUP BY kind
      ), places AS (
        SELECT kind, n, row_number() OVER (PARTITION BY kind ORDER BY min(tier), hash(n, ${seed})) AS place
        FROM candidates GROUP BY kind, n
      )
      SELECT n FROM places ORDER BY place, kind LIMIT ${sample}`;
    const list = needed.map((name, i) => `${quote(name)} AS c${i}`);
    await connection.run(
      `COPY (SELECT ${[`${ROW} AS n`, `${moment} AS moment`, ...list].join(", ")} FROM ${SET}
        SEMI JOIN (${taken}) t ON ${ROW} = t.n) TO ${literal(to)} (FORMAT parquet)`,
    );
    return {
      file: to,
      column: new Map(needed.map((name, i) => [name, `c${i}`])),
      types: format === "csv" ? undefined : new Map(columns.map(({ name, type }) => [name, type])),
    };
  } catch (cause) {
    throw engineError(cause, `read the training set "${file}"`);
  }
}

function requireColumn(file: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  throw new MlforgeError("usage", `"${file}" has no column "${name}", which its lock names`, {
    hint: suggestName(name, names) ?? "Is it the file that the lock is of?",
  });
}

const ASKED = "_mlforge_audit_asked";

/** Makes the table of what is asked of one feature: the sampled rows, with their keys as the feature has them. */
export async function askLabels(
  connection: DuckDBConnection,
  { file, column, types }: SampledFile,
  { task, rows, values, lock }: {
    task: FeatureTask;
    rows: Pick<Rows, "columns">;
    values: readonly Value[];
    lock: Lock;
  },
): Promise<Asked> {
  const keys = task.keys.map((key, i) => {
    const own = rows.columns.find(({ name }) => name === key)?.type ?? "VARCHAR";
    const label = column.get(lock.keys[key] ?? key) ?? "NULL";
    const cast = `TRY_CAST(${label} AS ${own})`;
    // What a cast has to round is another key; text of a CSV has been read as whole numbers.
    return `${
      types !== undefined && kindOf(own) === "integer"
        ? `CASE WHEN ${cast} = ${label} THEN ${cast} END`
        : cast
    } AS k${i}`;
  });
  const found = values.map(({ output }, i) => `${column.get(output) ?? "NULL"} AS p${i}`);
  await connection.run(
    `CREATE TABLE ${ASKED} AS SELECT ${["n", "moment", ...keys, ...found].join(", ")} FROM read_parquet(${
      literal(file)
    })`,
  );
  const columns = values.map(({ name, output, type }): AskedColumn => {
    const number = /^(u?int|float|decimal)/.test(type);
    const fill = lock.fill.columns[output] ?? (number ? lock.fill.numbers : undefined);
    return {
      name,
      shown: output,
      type: types?.get(output),
      // As text it takes the type of the values beside it.
      ...(fill === undefined ? {} : { fill: literal(fill) }),
    };
  });
  return { table: ASKED, columns };
}
