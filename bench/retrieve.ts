/**
 * Training sets: 10,000,000 labels x 3 features and 1,000,000 x 1, of 8,900,000 rows and 9 columns each, in the labels' order,
 * Parquet to Parquet on two threads: `mlforge retrieve` as a whole process, with its hashes and its lock, against DuckDB's
 * own ASOF JOIN of the same files. With an amount of memory (`2GB`) both get that much, in one round. Prints the most memory that
 * each held at once, too. Data is made once, in a cache folder: 0.7 GB.
 */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { benchIn } from "../tests/retrieve/store.ts";
import { compare } from "./paired.ts";
import { peakMemory } from "./peak_memory.ts";

const FEATURES = ["spend", "visits", "refunds"];
const VALUES = ["n7", "n30", "s7", "s30", "m7", "m30", "x30"];
const ROWS = 8_900_000;
const USERS = ROWS / 89;

/** A number in [0, 1) for each row `i` and `which`. */
const chance = (which: number, i = "i") => `((hash(${i} * 16 + ${which}) >> 11)::DOUBLE / ${2 ** 53})`;

/** 89 stamps of each user over a year; counts, sums, means. */
function rowsOf(feature: number): string {
  const of = (which: number) => chance(which, `(i + ${feature} * 100000000)`);
  return `
    SELECT user_id, seen_at, n7, n30, s7, s30, s7 / n7 AS m7, s30 / n30 AS m30, x30 FROM (
      SELECT i // 89 AS user_id,
        TIMESTAMP '2024-01-01' + to_days((1 + (i % 89) * 4 + floor(${of(0)} * 4))::INTEGER) AS seen_at,
        1 + floor(${of(1)} * 9)::BIGINT AS n7, 10 + floor(${of(2)} * 40)::BIGINT AS n30,
        round(exp(${of(3)} * 8), 2) AS s7, round(exp(2 + ${of(4)} * 8), 2) AS s30, round(exp(${
    of(5)
  } * 7), 2) AS x30
      FROM range(${ROWS}) t(i)) ORDER BY user_id, seen_at`;
}

/** In the order of time; one of a hundred users has no rows. */
const labelsOf = (rows: number) => `
  SELECT i AS label_id, floor(${chance(6)} * ${USERS * 1.01})::BIGINT AS user_id,
    TIMESTAMP '2024-01-02' + to_microseconds((i::DOUBLE / ${rows} * 355 * 86400e6)::BIGINT) AS label_time,
    ${chance(7)} < 0.1 AS bought
  FROM range(${rows}) t(i) ORDER BY i`;

async function makeData(folder: string): Promise<void> {
  if (await Deno.stat(join(folder, "mlforge.yaml")).then(() => true, () => false)) return;
  await Deno.mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "6GB", temp_directory: folder });
  const bench = await benchIn(folder, await instance.connect());
  for (const [i, name] of FEATURES.entries()) {
    await bench.feature({
      name,
      sql: rowsOf(i),
      keys: ["user_id"],
      timestamp: "seen_at",
      stamp: "bucket_end",
      interval: "1d",
    });
  }
  for (const [name, rows] of [["10m", 1e7], ["1m", 1e6]] as const) {
    await bench.run(`COPY (${labelsOf(rows)}) TO '$DIR/${name}.parquet' (FORMAT parquet)`);
  }
  instance.closeSync();
  await Deno.writeTextFile(
    join(folder, "mlforge.yaml"),
    "default_profile: here\nprofiles:\n  here:\n    offline_store: { KIND: local, path: ./store }\n",
  );
}

/** What the engine alone does: the same join, in the same order, to the same kind of file. */
async function asof(
  folder: string,
  labels: string,
  features: readonly string[],
  memory?: string,
): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "2",
    temp_directory: join(folder, "temp"),
    ...(memory === undefined ? {} : { memory_limit: memory }),
  });
  const values = features.flatMap((f) => VALUES.map((value) => `${f}.${value} AS ${f}__${value}`));
  const joins = features.map((f) =>
    `ASOF LEFT JOIN '${folder}/store/${f}/1.0.0/data.parquet' ${f} ON l.user_id = ${f}.user_id AND l.label_time >= ${f}.seen_at`
  );
  await (await instance.connect()).run(
    `COPY (SELECT l.* EXCLUDE (file_row_number), ${values.join(", ")}
       FROM read_parquet('${folder}/${labels}.parquet', file_row_number = true) l ${joins.join(" ")}
       ORDER BY l.file_row_number)
     TO '${folder}/asof.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  );
}

const deno = (...args: string[]) => [Deno.execPath(), "run", "-A", ...args];
const here = new URL(import.meta.url).pathname;

async function race(
  folder: string,
  labels: string,
  features: readonly string[],
  memory?: string,
): Promise<void> {
  const limit = memory === undefined ? [] : ["--memory", memory];
  const contestants = [
    {
      name: "DuckDB's ASOF JOIN",
      command: deno(here, "asof", folder, labels, features.join(), ...limit.slice(1)),
    },
    {
      name: "mlforge retrieve",
      command: deno(
        new URL("../main.ts", import.meta.url).pathname,
        ...[
          "retrieve",
          "--labels",
          `${labels}.parquet`,
          "--features",
          features.join(),
          "--time",
          "label_time",
        ],
        ...["--output", "retrieved.parquet", "--threads", "2", ...limit],
      ),
      cwd: folder,
    },
  ];
  await compare(
    `${labels} labels x ${features.length}, memory ${memory ?? "as there is"}`,
    contestants,
    memory === undefined ? 2 : 1,
  );
  for (const one of contestants) {
    console.log(`  ${one.name}: ${((await peakMemory(one)) / 1e9).toFixed(2)} GB at most`);
  }
  await same(folder);
}

/** Both files hold the same rows, in the same order. */
async function same(folder: string): Promise<void> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const hashes = ["asof", "retrieved"].map((name) =>
    `(SELECT bit_xor(hash(file_row_number, *COLUMNS(* EXCLUDE (file_row_number))))
      FROM read_parquet('${folder}/${name}.parquet', file_row_number = true))`
  );
  const [row] = (await connection.runAndReadAll(`SELECT ${hashes.join(" = ")}`)).getRows();
  if (row?.[0] !== true) throw new Error("The two give different rows");
  console.log("  the same rows");
}

const [way, ...rest] = Deno.args;
if (way === "asof") {
  const [folder = "", labels = "", features = "", memory] = rest;
  await asof(folder, labels, features.split(","), memory);
} else {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const folder = join(home, "mlforge", "bench", "retrieve-1");
  await makeData(folder);
  if (way !== "data") {
    await race(folder, "1m", FEATURES.slice(0, 1), way);
    await race(folder, "10m", FEATURES, way);
  }
}
