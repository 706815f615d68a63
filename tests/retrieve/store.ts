import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { type Meta, stableJson } from "../../src/publish/meta.ts";
import { openPublisher } from "../../src/publish/open.ts";
import type { Publisher } from "../../src/publish/publisher.ts";

export type Value = string | number | boolean | null;

/** A folder with a store and files of labels, and a DuckDB to make and read them. */
export interface Bench {
  folder: string;
  publisher: Publisher;
  /** Runs SQL with the folder's path for `$DIR`. */
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<Value[][]>;
  /** Writes a version of a feature as another program would: data, metadata, pointer. */
  feature(spec: FeatureSpec): Promise<void>;
}

export interface FeatureSpec {
  name: string;
  version?: string;
  sql: string;
  keys: string[];
  timestamp?: string;
  stamp: Meta["mlforge"]["stamp"];
  interval?: string;
  watermark?: string;
  metrics?: string[];
  /** As the Python mlforge (0.7) writes it: nothing of ours in the metadata. */
  python?: boolean;
}

export async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await use(await benchIn(folder, connection));
  } finally {
    instance.closeSync();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The same in a folder that stays. */
export async function benchIn(folder: string, connection: DuckDBConnection): Promise<Bench> {
  const store = join(folder, "store");
  const run = async (sql: string) => void await connection.run(sql.replaceAll("$DIR", folder));
  return {
    folder,
    publisher: await openPublisher({ kind: "local", path: store }),
    run,
    async rows(sql) {
      const reader = await connection.runAndReadAll(sql.replaceAll("$DIR", folder));
      return reader.getRowsJson() as Value[][];
    },
    async feature(spec) {
      const version = spec.version ?? "1.0.0";
      const home = join(store, spec.name, version);
      await Deno.mkdir(home, { recursive: true });
      await run(`COPY (${spec.sql}) TO '${home}/data.parquet' (FORMAT parquet)`);
      await Deno.writeTextFile(join(home, ".meta.json"), stableJson(await metaOf(spec, version, home)));
      await Deno.writeTextFile(join(store, spec.name, "_latest.json"), stableJson({ version }));
    },
  };
}

async function metaOf(spec: FeatureSpec, version: string, home: string): Promise<unknown> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(join(home, "data.parquet")));
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const meta: Meta = {
    name: spec.name,
    version,
    path: `${spec.name}/${version}/data.parquet`,
    entity: spec.keys[0] ?? "",
    keys: spec.keys,
    source: "events.parquet",
    row_count: 0,
    created_at: "2024-01-01T00:00:00.000Z",
    updated_at: "2024-01-01T00:00:00.000Z",
    content_hash: hash,
    schema_hash: hash,
    config_hash: hash,
    source_hash: hash,
    timestamp: spec.timestamp ?? null,
    interval: spec.interval ?? null,
    columns: [],
    features: (spec.metrics ?? []).map((name) => ({
      name,
      dtype: "int64",
      input: "*",
      agg: "count",
      window: "1d",
    })),
    tags: [],
    description: null,
    change_summary: { bump_type: "first", reason: "A test.", details: [] },
    mlforge: {
      format: 1,
      tool: "mlforge 0.0.0",
      engine: "none",
      platform: "test",
      tx: "t",
      rows_hash: hash,
      stamp: spec.stamp,
      watermark: spec.watermark ?? null,
      bytes: 0,
      sources: [],
      dropped: { null_key: 0, null_time: 0 },
      entities: [],
      owner: null,
      statistics: {},
      checks_hash: "",
      config_parts: {},
    },
  };
  const { mlforge, ...shared } = meta;
  return spec.python === true ? shared : { ...shared, mlforge };
}
