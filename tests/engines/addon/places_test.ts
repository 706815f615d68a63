import assert from "node:assert/strict";
import { places, type Surroundings } from "../../../src/engines/duckdb/addon/places.ts";

const of = (env: Record<string, string>, more: Partial<Surroundings> = {}) =>
  places({ env: (name) => env[name], os: "linux", uid: 1000, ...more });

// Paths are resolved by the rules of the system that runs the tests.
const ignore = Deno.build.os === "windows";

Deno.test({
  name: "the user's cache folder comes first, then one of the user's own among temporary files",
  ignore,
  fn() {
    assert.deepEqual(of({ HOME: "/home/ann" }), ["/home/ann/.cache/mlforge", "/tmp/mlforge-1000"]);
    assert.deepEqual(
      of({ HOME: "/home/ann", XDG_CACHE_HOME: "/cache", TMPDIR: "/scratch" }),
      ["/cache/mlforge", "/scratch/mlforge-1000"],
    );
  },
});

Deno.test({
  name: "without a home there is the one among temporary files",
  ignore,
  fn() {
    assert.deepEqual(of({}), ["/tmp/mlforge-1000"]);
    assert.deepEqual(of({ HOME: "", TMPDIR: "" }), ["/tmp/mlforge-1000"]);
  },
});

Deno.test({
  name: "MLFORGE_CACHE_DIR leaves no choice",
  ignore,
  fn() {
    assert.deepEqual(of({ MLFORGE_CACHE_DIR: "/mine", HOME: "/home/ann" }), ["/mine"]);
  },
});
