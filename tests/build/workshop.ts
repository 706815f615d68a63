import { join } from "node:path";
import { build } from "../../src/build/build.ts";
import type { BuildReport, BuildRequest } from "../../src/build/report.ts";
import { loadProject } from "../../src/definitions/load.ts";
import type { Project } from "../../src/definitions/model.ts";
import { openPublisher } from "../../src/publish/open.ts";
import type { LocalStoreConfig } from "../../src/stores/config.ts";

/** A project in a temporary folder, on a local store, that tests build and change. */
export interface Workshop extends AsyncDisposable {
  folder: string;
  store: LocalStoreConfig;
  write(name: string, text: string): Promise<void>;
  load(): Promise<Project>;
  build(options?: Partial<BuildRequest>): Promise<BuildReport>;
  /** feature -> published version. */
  published(): Promise<Record<string, string>>;
  /** Path of a published data file. */
  data(feature: string): Promise<string>;
}

export const EVENTS = `user,at,amount,shop
ann,2026-01-01T10:00:00,10,1
ann,2026-01-02T11:00:00,20,2
bob,2026-01-02T12:00:00,5,1
ann,2026-01-05T00:00:00,1,1
`;

export const DEFINITIONS = `name: shop
sources:
  events: {path: events.csv}
entities:
  user: {join_key: user}
features:
  spend:
    source: events
    entities: [user]
    timestamp: at
    interval: 1d
    metrics:
      - {windows: [1d, 7d], aggregations: {amount: [sum, count]}}
  shops:
    source: events
    entities: [user]
    sql: select user, count(distinct shop) as shops from events group by user
`;

export async function openWorkshop(
  files: Record<string, string> = { "definitions.yaml": DEFINITIONS, "events.csv": EVENTS },
  definitions = "definitions.yaml",
): Promise<Workshop> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
  const store: LocalStoreConfig = { kind: "local", path: join(folder, "store") };
  const workshop: Workshop = {
    folder,
    store,
    async write(name, text) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, name), text);
    },
    load: () => loadProject(join(folder, definitions), { env: (name) => Deno.env.get(name) }),
    build: async (options = {}) =>
      build({ project: await workshop.load(), store, command: "mlforge build", ...options }),
    async published() {
      const { features } = await (await openPublisher(store)).read();
      return Object.fromEntries([...features].map(([name, { version }]) => [name, version]).sort());
    },
    async data(feature) {
      const publisher = await openPublisher(store);
      const version = (await publisher.read()).features.get(feature)?.version ?? "";
      const path = await publisher.dataPath(feature, version);
      if (path === undefined) throw new Error(`No data of ${feature} ${version}`);
      return path;
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
  for (const [name, text] of Object.entries(files)) await workshop.write(name, text);
  return workshop;
}

/** All rows of a Parquet file, values as text. */
export async function rowsOf(path: string): Promise<(string | null)[][]> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(`SELECT COLUMNS(*)::VARCHAR FROM read_parquet('${path}')`);
    return reader.getRows().map((row) => row.map((value) => value === null ? null : String(value)));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
