import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import type { MetricTask } from "../task.ts";
import { bucketStart } from "./rolling/bucket.ts";
import { type Dictionary, dropDictionary, makeDictionary } from "./rolling/dictionary.ts";
import { type Facts, gatherFacts } from "./rolling/facts.ts";
import { inputsOf, kindOf } from "./rolling/input.ts";
import { Kernel } from "./rolling/kernel.ts";
import { type Layout, layOut } from "./rolling/layout.ts";
import { Output } from "./rolling/output.ts";
import { Pending } from "./rolling/pending.ts";
import { type Plan, planMetrics } from "./rolling/plan.ts";
import { type Buckets, codeOf, LOWEST, streamQuery, validityLanes } from "./rolling/query.ts";
import { columnsOf } from "./types.ts";
import type { Validity } from "./validity.ts";

export interface RollingRequest {
  instance: DuckDBInstance;
  /** Nothing else may run on it meanwhile. */
  connection: DuckDBConnection;
  /**
   * SQL name of a view or table that all connections of the instance see: keys (no NULLs), time (finite TIMESTAMP in UTC, no
   * NULLs), columns of values.
   */
  relation: string;
  keys: string[];
  time: string;
  /** In seconds. */
  interval: number;
  metrics: MetricTask[];
  /** Where rows do not count from their time on: then the relation has no rows that never do. */
  validity?: Validity;
  /** In microseconds since 1970, UTC: there are no rows with a later stamp. */
  lastStamp: bigint;
  /** Told from time to time how many rows there are. */
  onRows?: (rows: number) => void;
}

/** Rows in the order of keys and stamp, in a table. */
export interface Rolled {
  table: string;
  /** The SELECT list that gives keys, time and metrics in their final types. */
  select: string;
  rows: number;
  /** Drops the table and all that belongs to it. */
  drop(): Promise<void>;
}

/** Chunks between two turns of the event loop, at which an interrupt can come in. */
const TURN = 64;

let made = 0;

/**
 * Metrics over rolling windows, with the meaning that docs/time.md gives them. DuckDB sorts the events (or, where that
 * makes them far fewer, adds up those of one key and bucket first); a kernel over typed arrays takes them as they are
 * streamed, key by key, and appends its rows in order, so that nothing has to be joined or sorted after it.
 *
 * Throws an MlforgeError where an aggregation can't take a column's type or values.
 */
export async function rolling(request: RollingRequest): Promise<Rolled> {
  const { connection, relation, keys, time, interval, validity } = request;
  const name = `_mlforge_rolling_${made++}`;
  const width = BigInt(interval) * 1_000_000n;
  const dictionaries: Dictionary[] = [];
  const drop = async () => {
    await connection.run(`DROP TABLE IF EXISTS ${name}`);
    for (const dictionary of dictionaries) await dropDictionary(connection, dictionary);
  };
  try {
    const all = columnsOf(await connection.run(`SELECT * FROM ${relation} LIMIT 0`));
    const columns = all.filter((c) => c.name !== validity?.since && c.name !== validity?.until);
    const typeOf = (column: string) => columns.find((c) => c.name === column)?.type ?? "";
    const inputs = inputsOf(request.metrics, columns);
    const facts = await gatherFacts(connection, { name: relation, keys, time, width, validity }, inputs);
    const ofValues = inputs.filter(({ kind, asked }) =>
      kind === "text" && [...asked].some((a) => a !== "count")
    );
    const ofKeys = keys.filter((key) => ["text", "enum"].includes(kindOf(typeOf(key))));
    for (const column of new Set([...ofKeys, ...ofValues.map((input) => input.name)])) {
      dictionaries.push(await makeDictionary(connection, relation, column, `${name}_${dictionaries.length}`));
    }
    const buckets = { base: facts.times === undefined ? 0n : bucketStart(facts.times.first, width), width };
    const plan = planMetrics(request.metrics, inputs, facts, {
      interval,
      codeOf: (column) => codeOf(dictionaries, column),
      validity: validity && validityLanes(validity, { keys, time, columns, buckets }),
    });
    const last = lastBucket(facts, plan, buckets, request);
    const layout = layOut(
      plan,
      facts,
      { keys, keyTypes: keys.map(typeOf), time, ...buckets },
      dictionaries,
    );
    await createTable(connection, name, layout, relation);
    const entry = validity?.since ?? time;
    const query = streamQuery({ plan, relation, columns, keys, time, entry, buckets, dictionaries });
    const rows = await run(request, name, layout, plan, query, last, facts);
    return { table: name, select: layout.select, rows, drop };
  } catch (cause) {
    await drop().catch(() => {});
    throw cause;
  }
}

/** The last stamp, as a number of buckets. */
function lastBucket(
  facts: Facts,
  plan: Plan,
  { base, width }: Buckets,
  { lastStamp, time, interval }: RollingRequest,
): number {
  if (facts.times === undefined) return LOWEST;
  const longest = BigInt(plan.windows.at(-1) ?? 0);
  // No row can be later than this, whatever is declared.
  const end = (bucketStart(facts.times.last, width) - base) / width + 1n + longest;
  if (end >= 2n ** 32n) {
    const years = [facts.times.first, facts.times.last].map((t) =>
      new Date(Number(t / 1000n)).getUTCFullYear()
    );
    throw new MlforgeError(
      "failed",
      `Times in "${time}" reach from ${years.join(" to ")}: too far for ${interval} s`,
      {
        hint: "Is one of them a placeholder? Leave it out in the feature's SQL, or take a longer interval.",
      },
    );
  }
  const wanted = (bucketStart(lastStamp, width) - base) / width;
  return Number(wanted < end ? wanted : end) + LOWEST;
}

async function createTable(connection: DuckDBConnection, name: string, layout: Layout, relation: string) {
  const list = [
    ...layout.keys.map((like, i) => `${like} AS k${i}`),
    "CAST(NULL AS INTEGER) AS stamp",
    ...layout.columns.map((column) => `${column.like} AS ${column.name}`),
  ];
  await connection.run(`CREATE TABLE ${name} AS SELECT ${list.join(", ")} FROM ${relation} LIMIT 0`);
}

async function run(
  request: RollingRequest,
  table: string,
  layout: Layout,
  plan: Plan,
  query: string,
  last: number,
  facts: Facts,
): Promise<number> {
  const output = await Output.open(request.instance, table, request.keys.length, layout.columns);
  let coming: Promise<DuckDBDataChunk | null> = Promise.resolve(null);
  try {
    const pending = new Pending(request.keys.length, plan.lanes, plan.events);
    const kernel = new Kernel(plan, pending, last, (p, from, to) => output.putKey(p, from, to));
    const result = await request.connection.stream(query);
    let chunks = 0;
    const takeAll = async () => {
      while (kernel.fill()) {
        output.take(kernel);
        if (++chunks % TURN !== 0) continue;
        request.onRows?.(output.rows);
        // One key can make many chunks out of few that are fetched.
        await new Promise((resolve) => setTimeout(resolve));
      }
    };
    coming = result.fetchChunk();
    for (;;) {
      const chunk = await coming;
      if (chunk === null || chunk.rowCount === 0) break;
      // The next chunk is fetched while this one is worked on.
      coming = result.fetchChunk();
      pending.append(chunk);
      await takeAll();
    }
    if (pending.events !== facts.rows) {
      // DuckDB ends a stream that is interrupted like one that is done.
      throw new MlforgeError("interrupted", `Stopped after ${pending.events} of ${facts.rows} events`);
    }
    pending.end();
    await takeAll();
    output.take(kernel);
    output.finish();
    request.onRows?.(output.rows);
    return output.rows;
  } finally {
    // What failed here may have left a chunk on its way, on a connection that is needed for other things.
    await coming.catch(() => {});
    output.close();
  }
}
