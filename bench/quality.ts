/**
 * What ten checks and the statistics of ten columns cost a build of 10,000,000 rows: whole builds, each into a store of
 * its own, against the same builds without them. One of a source as it is, one of rolling windows.
 */
import { join } from "node:path";
import process from "node:process";
import { DuckDBInstance } from "@duckdb/node-api";
import { build } from "../src/build/build.ts";
import { loadProject } from "../src/definitions/load.ts";
import { EVENTS, eventsFile } from "./events.ts";
import { compare } from "./paired.ts";

const TEN = ["id", "user_id", "event_time", "amount", "price", "quantity", "share", "shop", "code", "paid"];

/** The events as a table of ten columns: a key of its own, times, numbers of all kinds, text, truth values. */
async function wideFile(folder: string, events: string): Promise<string> {
  const path = join(folder, "wide.parquet");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(
    `COPY (SELECT row_number() OVER () AS id, user_id, event_time, amount, amount::DECIMAL(18, 2) AS price,
         (user_id % 40)::INTEGER AS quantity, CASE WHEN user_id % 10 > 0 THEN amount / 3000 END AS share,
         'shop ' || user_id % 1000 AS shop, md5(user_id::VARCHAR)[:12] AS code, amount > 50 AS paid
       FROM read_parquet('${events}')) TO '${path}' (FORMAT parquet)`,
  );
  connection.closeSync();
  return path;
}

const LEFT_OUT = (columns: readonly string[]) =>
  `    columns: {${columns.map((name) => `${name}: {statistics: false}`).join(", ")}}\n`;

const WIDE = (path: string, quality: string) =>
  `name: bench
sources: {wide: {path: ${path}}}
features:
  wide:
    source: wide
    keys: [id]
    timestamp: event_time
${quality}`;

const WIDE_CHECKS = `    checks:
      - {check: not_null, column: [user_id, amount, shop]}
      - {check: in_range, column: amount, min: 0, max: 3000}
      - {check: greater_than_or_equal, column: [price, quantity], value: 0}
      - {check: less_than_or_equal, column: share, value: 1, mostly: 0.99}
      - {check: matches_regex, column: code, pattern: "^[0-9a-f]{12}$"}
      - {check: length, column: shop, min: 6}
      - {check: sql, expression: "paid = (amount > 50)"}
`;

const METRICS = ["sum", "count", "mean"].flatMap((aggregation) =>
  ["1d", "7d", "30d"].map((window) => `rolling__amount__${aggregation}__1d__${window}`)
);
const ROLLING = (path: string, quality: string) =>
  `name: bench
sources: {events: {path: ${path}}}
features:
  rolling:
    source: events
    keys: [user_id]
    timestamp: event_time
    interval: 1d
    metrics:
      - {windows: [1d, 7d, 30d], aggregations: {amount: [sum, count, mean]}}
${quality}`;

const ROLLING_CHECKS = `    input_checks:
      - {check: not_null, column: [user_id, amount]}
      - {check: in_range, column: amount, min: 0, max: 3000}
      - {check: not_in_future}
    checks:
      - {check: not_null, column: [${METRICS[0]}, ${METRICS[3]}]}
      - {check: greater_than_or_equal, column: [${METRICS[1]}, ${METRICS[2]}], value: 0}
      - {check: in_range, column: ${METRICS[8]}, min: 0, max: 3000, mostly: 0.99}
      - {check: sql, expression: "${METRICS[3]} <= ${METRICS[4]}"}
`;

async function contestant(folder: string, name: string, definitions: string) {
  const cwd = join(folder, name.replaceAll(/\W+/g, "-"));
  await Deno.mkdir(cwd);
  await Deno.writeTextFile(
    join(cwd, "definitions.yaml"),
    definitions + "offline_store: {KIND: local, path: store}\n",
  );
  return {
    name,
    cwd,
    command: [Deno.execPath(), "run", "-A", new URL(import.meta.url).pathname, "build"],
    printsCpu: true,
    before: () => Deno.remove(join(cwd, "store"), { recursive: true }).catch(() => {}),
  };
}

/** A build as the command line makes it, in a process of its own. */
async function buildHere(): Promise<void> {
  const project = await loadProject("definitions.yaml", { env: (name) => Deno.env.get(name) });
  const { store } = project;
  if (store === undefined) throw new Error("The definitions have no store");
  await build({ project, store, memory: 3e9, command: "bench" });
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1e6);
}

async function compareAll(rounds: number): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
  try {
    const events = await eventsFile();
    const wide = await wideFile(folder, events);
    await compare(`${EVENTS.toLocaleString("en-US")} rows of ten columns as they are`, [
      await contestant(folder, "wide, nothing checked", WIDE(wide, LEFT_OUT(TEN))),
      await contestant(folder, "wide, ten checks, ten columns", WIDE(wide, WIDE_CHECKS)),
    ], rounds);
    await compare(`Rolling windows over ${EVENTS.toLocaleString("en-US")} events`, [
      await contestant(
        folder,
        "rolling, nothing checked",
        ROLLING(events, LEFT_OUT(["user_id", "event_time", ...METRICS])),
      ),
      await contestant(folder, "rolling, ten checks, eleven columns", ROLLING(events, ROLLING_CHECKS)),
    ], rounds);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (Deno.args[0] === "build") await buildHere();
else await compareAll(Number(Deno.args[0] ?? 3));
