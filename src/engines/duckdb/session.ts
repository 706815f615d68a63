import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { SourceTask } from "../task.ts";
import { lookupName } from "./checks/probe.ts";
import { engineError } from "./errors.ts";
import { readSource } from "./sources.ts";
import { literal, quote } from "./types.ts";

export interface SessionOptions {
  sources: readonly SourceTask[];
  /** What checks look into: views that no definition's SQL can name. */
  lookups: readonly SourceTask[];
  /** The only folder that may be written (and read back). */
  outFolder: string;
  /** Where DuckDB spills what does not fit in memory. */
  tempFolder: string;
  /** DuckDB's share, in bytes. */
  memory: number;
}

/** A DuckDB of its own that can reach its declared sources and its output folder, and nothing else. */
export interface Session extends AsyncDisposable {
  instance: DuckDBInstance;
  connection: DuckDBConnection;
  /** Reads the sources once into tables (`columns`: lower-case names, all where undefined), else they are views. */
  loadSources(columns: ReadonlySet<string> | undefined): Promise<void>;
  viewSources(): Promise<void>;
  viewLookups(): Promise<void>;
  /** Sets the number of threads, then locks all settings for good. */
  lock(threads: number): Promise<void>;
}

/** Those of a source's columns that are needed, by lower-case names. A table needs one; `count(*)` alone needs none. */
export function neededOf(names: readonly string[], columns: ReadonlySet<string>): string[] {
  const needed = names.filter((name) => columns.has(name.toLowerCase()));
  return needed.length > 0 ? needed : names.slice(0, 1);
}

/**
 * Opens a session and closes the world: from here on files outside the lists, the network, extensions and other
 * databases are refused by DuckDB itself (facts tried on 1.5.5), whatever a definition's SQL says.
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: `${Math.max(64, Math.floor(options.memory / 1e6))}MB`,
    temp_directory: options.tempFolder,
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    preserve_insertion_order: "true",
  });
  const connection = await instance.connect();
  const files = [...options.sources, ...options.lookups].flatMap((source) => source.files);
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  // It would give holes for what has been fetched since.
  if ([...options.sources, ...options.lookups].some((source) => source.remote !== undefined)) {
    await connection.run("SET enable_external_file_cache = false");
  }
  await connection.run(`SET allowed_paths = [${files.map(literal).join(", ")}]`);
  await connection.run(`SET allowed_directories = [${literal(options.outFolder)}]`);
  await connection.run("SET enable_external_access = false");

  const bring = async (source: SourceTask, statement: () => string | Promise<string>) => {
    try {
      await connection.run(await statement());
    } catch (cause) {
      throw engineError(
        cause,
        `read source "${source.name}" (${source.files[0] ?? "no file"})`,
        source.place,
      );
    }
  };
  const bringView = (source: SourceTask, name: string) =>
    bring(source, async () => `CREATE VIEW ${quote(name)} AS ${await readSource(connection, source)}`);
  const nameSingle = async () => {
    const [only] = options.sources;
    if (options.sources.length !== 1 || only === undefined || only.name === "source") return;
    await connection.run(`CREATE VIEW "source" AS SELECT * FROM ${quote(only.name)}`);
  };
  return {
    instance,
    connection,
    async loadSources(columns) {
      for (const source of options.sources) {
        const view = `_mlforge_${source.name}`;
        await bringView(source, view);
        const names = (await connection.run(`SELECT * FROM ${quote(view)} LIMIT 0`)).columnNames();
        const list = (columns === undefined ? names : neededOf(names, columns)).map(quote).join(", ");
        const table = quote(`${view}_rows`);
        await bring(source, () => `CREATE TABLE ${table} AS SELECT ${list} FROM ${quote(view)}`);
        // A view as well, so that SQL sees the same in both ways: a table would have a rowid.
        await connection.run(`CREATE VIEW ${quote(source.name)} AS SELECT * FROM ${table}`);
      }
      await nameSingle();
    },
    async viewSources() {
      for (const source of options.sources) {
        await bringView(source, source.name);
      }
      await nameSingle();
    },
    async viewLookups() {
      for (const source of options.lookups) await bringView(source, lookupName(source.name));
    },
    async lock(threads) {
      await connection.run(`SET threads = ${threads}`);
      await connection.run("SET lock_configuration = true");
    },
    [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
      return Promise.resolve();
    },
  };
}
