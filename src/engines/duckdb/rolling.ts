import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import type { MetricTask } from "../task.ts";
import { physicalWidth } from "./chunk.ts";
import { type Dictionary, enumWidth, makeDictionary } from "./rolling/dictionary.ts";
import { lookAtInputs } from "./rolling/inputs.ts";
import { runKernel } from "./rolling/kernel.ts";
import { type Layout, layOut, needsDictionary, needsEvents } from "./rolling/layout.ts";
import { openResultTable } from "./rolling/result_table.ts";
import { columnsOf, literal, quote } from "./types.ts";

export interface RollingRequest {
  instance: DuckDBInstance;
  connection: DuckDBConnection;
  /** SQL name of a view or table: keys (never NULL), time (TIMESTAMP in UTC, never NULL), and the metrics' inputs. */
  relation: string;
  keys: readonly string[];
  time: string;
  /** In seconds. */
  interval: number;
  metrics: readonly MetricTask[];
  /** Stamps after this one are not written; microseconds since 1970, UTC. */
  lastStamp: bigint;
  onRows?: (rows: number) => void;
}

export interface Rolled {
  /** SQL name of a table that stands in the order of keys and stamp. */
  table: string;
  /** The SELECT list that makes the final columns of it: keys, stamp, metrics. */
  select: string;
  rows: number;
  drop(): Promise<void>;
}

/** Monday 2000-01-03 00:00 UTC, from which buckets are counted, in microseconds since 1970. */
const ORIGIN = 946_857_600_000_000n;

/**
 * Rolling metrics by docs/time.md: partial aggregates by key and bucket in DuckDB (or single events, where an aggregation
 * needs them), streamed in order through a kernel over typed arrays, and appended by chunk to a table that needs no
 * further sort or join: text travels as codes of ENUMs.
 */
export async function rolling(request: RollingRequest): Promise<Rolled> {
  const { connection, instance, metrics, relation, keys } = request;
  const made: string[] = [];
  const drop = async () => {
    for (const statement of made.reverse()) await connection.run(statement);
  };
  const appending = await instance.connect();
  try {
    const id = `_mlforge_rolling_${crypto.randomUUID().slice(0, 8)}`;
    const columns = columnsOf(await connection.run(`SELECT * FROM ${relation} LIMIT 0`));
    const typeOf = (name: string) => columns.find((c) => c.name === name)?.type ?? "";
    const { inputs } = await lookAtInputs(connection, relation, metrics);

    const dictionaryOf = async (name: string) => {
      const dictionary = await makeDictionary(
        connection,
        relation,
        { name, type: typeOf(name) },
        `${id}_${made.length}`,
      );
      made.push(`DROP TYPE ${dictionary.type}`);
      return dictionary;
    };
    const keyColumns: { name: string; sql: string; type: string; width: number; dictionary?: Dictionary }[] =
      [];
    for (const name of keys) {
      const width = physicalWidth(typeOf(name));
      if (width !== undefined) {
        keyColumns.push({ name, sql: quote(name), type: typeOf(name), width });
        continue;
      }
      const dictionary = await dictionaryOf(name);
      const { encoded: sql, type, size } = dictionary;
      keyColumns.push({ name, sql, type, width: enumWidth(size), dictionary });
    }
    const dictionaries = new Map<string, Dictionary>();
    for (const metric of metrics) {
      if (metric.input === "*" || dictionaries.has(metric.input) || !needsDictionary(metric, inputs)) {
        continue;
      }
      dictionaries.set(metric.input, await dictionaryOf(metric.input));
    }

    const events = needsEvents(metrics, inputs);
    const layout = layOut(
      metrics.map((m) => ({ ...m, window: m.window / request.interval })),
      inputs,
      dictionaries,
      {
        events,
      },
    );
    const sizes = new Map([...dictionaries.values()].map(({ type, size }) => [type, enumWidth(size)]));
    const table = `${id}_rows`;
    made.push(`DROP TABLE IF EXISTS ${table}`);
    const result = await openResultTable(appending, table, [
      ...keyColumns.map(({ type, width }, i) => ({ name: `k${i}`, type, width })),
      { name: "stamp", type: "INTEGER", width: 4 },
      ...layout.states.map(({ column, type }) => ({
        name: column,
        type,
        width: type === "DOUBLE" ? 8 : type === "INTEGER" ? 4 : sizes.get(type) ?? 4,
      })),
    ]);
    const others = columns.map((c) => c.name).filter((name) => !keys.includes(name) && name !== request.time);
    const stream = await connection.stream(
      streamSql(request, keyColumns.map((k) => k.sql), layout, { events, others }),
    );
    const rows = await runKernel(
      stream,
      {
        keyWidths: keyColumns.map((k) => k.width),
        lanes: layout.lanes,
        states: layout.states,
        windows: [...new Set(layout.states.map((state) => state.window))].sort((a, b) => a - b),
        last: Number((request.lastStamp - ORIGIN) / (BigInt(request.interval) * 1_000_000n)),
      },
      result,
      request.onRows ?? (() => {}),
    );
    result.close();
    await refuseOverflow(connection, table, layout);
    const keyList = keyColumns.map(({ name, dictionary }, i) =>
      `${dictionary === undefined ? `k${i}` : dictionary.decode(`k${i}`)} AS ${quote(name)}`
    );
    const stamp = `make_timestamp(${ORIGIN} + stamp::BIGINT * ${request.interval * 1_000_000}::BIGINT) AS ${
      quote(request.time)
    }`;
    return { table, select: [...keyList, stamp, ...layout.select].join(", "), rows, drop };
  } catch (error) {
    await drop().catch(() => {});
    throw error;
  } finally {
    appending.closeSync();
  }
}

/** Keys, the bucket's end counted in intervals, and the lanes: by key and bucket, or event by event. */
function streamSql(
  { relation, time, interval }: RollingRequest,
  keys: readonly string[],
  { lanes }: Layout,
  { events, others }: { events: boolean; others: readonly string[] },
): string {
  const width = `${BigInt(interval) * 1_000_000n}::BIGINT`;
  const since = `(epoch_us(${quote(time)}) - ${ORIGIN}::BIGINT)`;
  const end = `CAST((${since} - ((${since} % ${width}) + ${width}) % ${width}) // ${width} + 1 AS INTEGER)`;
  const names = [...keys.keys()].map((i) => `k${i}`);
  const keyList = keys.map((sql, i) => `${sql} AS k${i}`);
  const laneList = lanes.map(({ sql, type }, i) => `CAST(${sql} AS ${type}) AS l${i}`);
  const list = [...keyList, `${end} AS bucket_end`, ...laneList].join(", ");
  if (!events) {
    const by = [...names, "bucket_end"].join(", ");
    return `SELECT ${list} FROM ${relation} GROUP BY ${by} ORDER BY ${by}`;
  }
  // Ties are broken by all columns: then equal rows are all that is left, and their order decides nothing.
  const order = [...names, quote(time), ...others.map(quote)].join(", ");
  const outer = [...names, "bucket_end", ...lanes.keys().map((i) => `l${i}`)].join(", ");
  const carried = [time, ...others].map(quote).join(", ");
  return `SELECT ${outer} FROM (SELECT ${list}, ${carried} FROM ${relation}) ORDER BY ${order}`;
}

async function refuseOverflow(connection: DuckDBConnection, table: string, { large }: Layout): Promise<void> {
  for (const { name, sql } of large) {
    const reader = await connection.runAndReadAll(
      `SELECT count(*) FROM ${table} WHERE (${sql}) > 9223372036854775807 OR (${sql}) < -9223372036854775808`,
    );
    if (Number(reader.getRows()[0]?.[0]) === 0) continue;
    throw new MlforgeError("failed", `Sums of ${literal(name).slice(1, -1)} don't fit in 64 bits`, {
      hint: "Sum up in another unit, or cast the column to DOUBLE in SQL.",
    });
  }
}
