import type { Check } from "../../../definitions/checks/model.ts";
import { columnsOf, literal, quote } from "../types.ts";
import { gate } from "./gate.ts";
import { lookupName } from "./probe.ts";
import type { CheckResult } from "./result.ts";
import { planScan, runScan } from "./scan.ts";

/**
 * Asks a computed feature's file for what is in other features' files (`others`: name -> absolute path). Throws what
 * failed, where any of it has to pass.
 */
export async function checkFile(
  file: string,
  checks: readonly (Check & { kind: "referential"; feature: string })[],
  options: {
    feature: string;
    keys: readonly string[];
    time: string | undefined;
    hidden: readonly string[];
    others: ReadonlyMap<string, string>;
    /** Where failing rows are written to. */
    failingFile?: string;
  },
): Promise<CheckResult[]> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const view = (name: string, path: string) =>
      connection.run(`CREATE VIEW ${quote(name)} AS SELECT * FROM read_parquet(${literal(path)})`);
    for (const [name, path] of options.others) await view(lookupName(name), path);
    await view("rows", file);
    const { feature, keys, time, hidden, failingFile } = options;
    const columns = columnsOf(await connection.run("SELECT * FROM rows LIMIT 0"));
    const rows = { feature, from: "rows", columns, keys, time, now: 0 };
    // To whoever asks, the other feature's file is a source like any other.
    const asked = checks.map(({ feature: source, ...check }) => ({ ...check, source }));
    const { findings } = await runScan(connection, await planScan(connection, asked, rows));
    return await gate(connection, findings, rows, {
      hidden,
      asked: false,
      ...(failingFile === undefined ? {} : { failingFile }),
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
