import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { stableJson } from "../../src/publish/meta.ts";
import { parseMeta, parsePointer } from "../../src/publish/read_meta.ts";
import { sampleMeta } from "./contract.ts";

const meta = sampleMeta("tx", "clicks", "1.2.0", "data", "minor");

function refuses(act: () => unknown, message: RegExp): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof MlforgeError && error.code === "failed" && error.hint !== undefined);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("parseMeta() gives back what stableJson() wrote", () => {
  assert.deepEqual(parseMeta(stableJson(meta), "x"), meta);
});

Deno.test("parseMeta() ignores keys it does not know", () => {
  const text = stableJson({ ...meta, later: 1, mlforge: { ...meta.mlforge, later: [] } });
  assert.deepEqual(parseMeta(text, "x"), meta);
});

Deno.test("parseMeta() names the file of text that is cut short", () => {
  const text = stableJson(meta);
  for (const end of [0, 1, text.length >> 1, text.length - 2]) {
    refuses(
      () => parseMeta(text.slice(0, end), "clicks/1.2.0/.meta.json"),
      /^Can't read clicks\/1.2.0\/.meta.json: it is/,
    );
  }
});

Deno.test("parseMeta() names the field that is missing or of another type", () => {
  const required = [
    "name",
    "version",
    "path",
    "source",
    "content_hash",
    "config_hash",
    "schema_hash",
    "source_hash",
  ];
  for (const field of required) {
    refuses(
      () => parseMeta(stableJson({ ...meta, [field]: undefined }), "x"),
      new RegExp(`"${field}" is not a text`),
    );
    refuses(
      () => parseMeta(stableJson({ ...meta, [field]: 3 }), "x"),
      new RegExp(`"${field}" is not a text`),
    );
  }
  refuses(() => parseMeta(stableJson({ ...meta, row_count: -1 }), "x"), /"row_count" is not a whole number/);
  refuses(() => parseMeta(stableJson({ ...meta, keys: ["a", 1] }), "x"), /"keys" is not a list of texts/);
  refuses(
    () => parseMeta(stableJson({ ...meta, columns: [{ dtype: "int64" }] }), "x"),
    /"columns\[0\].name"/,
  );
  refuses(() => parseMeta(stableJson({ ...meta, mlforge: 1 }), "x"), /"mlforge" is not an object/);
  const stamp = { ...meta, mlforge: { ...meta.mlforge, stamp: "later" } };
  refuses(() => parseMeta(stableJson(stamp), "x"), /"mlforge.stamp" is not one of event, bucket_end/);
  refuses(() => parseMeta("[]", "x"), /its top is not an object/);
});

Deno.test("parseMeta() refuses a format above its own before it looks at anything else there", () => {
  const text = stableJson({ ...meta, mlforge: { format: 2 } });
  refuses(() => parseMeta(text, "x"), /its format is 2, newer than 1/);
});

Deno.test("parseMeta() reads what the Python mlforge writes, and marks it", () => {
  const python = {
    name: "user_spend",
    version: "1.0.0",
    path: "feature_store/user_spend/1.0.0/data.parquet",
    entity: "user_id",
    keys: ["user_id"],
    source: "data/transactions.parquet",
    row_count: 100,
    created_at: "2025-01-16T08:30:00Z",
    updated_at: "2025-01-16T08:30:00Z",
    content_hash: "a1b2c3d4",
    timestamp: "event_time",
    interval: "1d",
    columns: [{ name: "user_id", dtype: "Utf8" }],
    features: [{
      name: "user_spend__amt__sum__1d__7d",
      dtype: "Float64",
      input: "amt",
      agg: "sum",
      window: "7d",
    }],
    tags: ["users"],
    change_summary: { bump_type: "initial", reason: "first build", details: [] },
  };
  const read = parseMeta(JSON.stringify(python), "x");
  assert.equal(read.mlforge.tool, "python");
  assert.equal(read.mlforge.stamp, "bucket_start");
  assert.equal(read.config_hash, "");
  assert.equal(read.change_summary.bump_type, "first");
  assert.equal(read.content_hash, "a1b2c3d4");
  assert.equal(parseMeta(JSON.stringify({ ...python, interval: null }), "x").mlforge.stamp, "event");
  assert.equal(parseMeta(JSON.stringify({ ...python, timestamp: null }), "x").mlforge.stamp, "none");
});

Deno.test("parsePointer() reads a version, and an object store's commit beside it", () => {
  assert.deepEqual(parsePointer('{"version": "1.2.0"}', "x"), { version: "1.2.0" });
  assert.deepEqual(parsePointer('{"version": "1.2.0", "seq": 3, "tx": "t", "more": 1}', "x"), {
    version: "1.2.0",
    seq: 3,
    tx: "t",
  });
  for (const version of ["", "1.2", "1.2.0-rc", "../1.0.0", "01.0.0"]) {
    refuses(() => parsePointer(JSON.stringify({ version }), "x"), /"version" is not a version such as 1.0.0/);
  }
});
