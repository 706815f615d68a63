import type { DuckDBConnection } from "@duckdb/node-api";
import type { Project } from "../definitions/model.ts";
import { MlforgeError } from "../error.ts";
import { dirname, join } from "../path.ts";
import type { SourcePlace } from "./find_files.ts";
import { lookAtFeature } from "./look.ts";
import { readCases, type TestCase } from "./test/cases.ts";
import { compareRows, type Difference } from "./test/compare.ts";
import { givenSource } from "./test/given.ts";

export interface TestResult {
  test: TestCase;
  passed: boolean;
  /** Where other rows came than expected. */
  difference?: Difference;
  /** Where no rows came: what is wrong with the test, or with the feature. */
  error?: MlforgeError;
}

/** `mlforge test`: each case through the engine, as a build would compute it, on the rows that it gives. */
export async function runTests(
  request: { project: Project } & SourcePlace,
  options: {
    /** Absolute paths. */
    files: readonly string[];
    onResult?: (result: TestResult) => void;
  },
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  const cases = [];
  for (const file of options.files) cases.push(...await readCases(file, request.project));
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const test of cases) {
      const result = await runCase(connection, test, request);
      options.onResult?.(result);
      results.push(result);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return results;
}

async function runCase(
  connection: DuckDBConnection,
  test: TestCase,
  request: { project: Project } & SourcePlace,
): Promise<TestResult> {
  const folder = await Deno.makeTempDir({ prefix: "mlforge-" });
  try {
    const feature = request.project.features.find(({ name }) => name === test.feature)!;
    const sources = [];
    for (const source of feature.sources) {
      sources.push(await givenSource(connection, source, test, { folder, place: request }));
    }
    const look = await lookAtFeature(request, { ...feature, sources }, Number.MAX_SAFE_INTEGER);
    const identity = [
      ...feature.keys,
      ...(feature.timestamp === undefined ? [] : [feature.timestamp.column]),
    ];
    const difference = await compareRows(connection, test, look, identity);
    return { test, passed: difference === undefined, ...(difference === undefined ? {} : { difference }) };
  } catch (error) {
    if (!(error instanceof MlforgeError)) throw error;
    return { test, passed: false, error };
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
}

/** The files of tests beside the definitions: `*.test.yaml`, there and in `tests/`. Sorted. */
export async function findTests(project: Project): Promise<string[]> {
  const root = dirname(project.file);
  const files: string[] = [];
  for (const folder of [root, join(root, "tests")]) {
    try {
      for await (const { name, isFile } of Deno.readDir(folder)) {
        if (isFile && /\.test\.ya?ml$/.test(name)) files.push(join(folder, name));
      }
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    }
  }
  return files.sort();
}
