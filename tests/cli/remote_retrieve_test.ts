import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { DuckDBInstance } from "@duckdb/node-api";
import { dataKey } from "../../src/publish/object_store/keys.ts";
import { openStore } from "../../src/stores/open.ts";
import { type Wire, wireTest } from "../stores/wire.ts";
import { type BucketProject, withBucketProject } from "./bucket_project.ts";

const ROWS = 400_000;

const DEFINITIONS = `name: shop
sources:
  spend: { path: spend.parquet }
entities:
  user: { join_key: user_id }
features:
  spent:
    source: spend
    entities: [user]
    timestamp: at
`;

/** A published feature whose data has four row groups of some MB; its local copies are none. */
function remoteTest(name: string, body: (project: BucketProject, wire: Wire) => Promise<void>): void {
  wireTest(name, (wire) =>
    withBucketProject(wire, async (project) => {
      await sql(
        project,
        `COPY (SELECT i // 100 AS user_id, TIMESTAMP '2024-01-01' + to_days((i % 100)::INTEGER) AS at,
           hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c FROM range(${ROWS}) t(i))
         TO '$DIR/spend.parquet' (FORMAT parquet)`,
      );
      const { code, err } = await project.run("build", "--quiet");
      assert.equal(code, 0, err);
      await body(project, wire);
    }, { "definitions.yaml": DEFINITIONS }));
}

async function sql({ cwd }: BucketProject, text: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const reader = await (await instance.connect()).runAndReadAll(text.replaceAll("$DIR", cwd));
    return reader.getRowsJson();
  } finally {
    instance.closeSync();
  }
}

const labels = (users: string) => `
  COPY (SELECT u AS user_id, TIMESTAMP '2024-02-01 12:00:00' AS at FROM (VALUES ${users}) t(u))
  TO '$DIR/labels.parquet' (FORMAT parquet)`;

const RETRIEVE = ["retrieve", "--labels", "labels.parquet", "--output", "out.parquet", "--features"];

/** Requests of the data, in bytes of their answers. */
const dataRequests = ({ proxy }: Wire) =>
  proxy.requests.filter(({ path }) => decodeURIComponent(path).includes("spent/1.0.0/data.parquet"));

remoteTest(
  "of data in a bucket only the columns and row groups that labels need are read, at one state of it",
  async (project, wire) => {
    await sql(project, labels("(7), (3999)"));
    wire.proxy.clear();
    const { code, err, out } = await project.run(...RETRIEVE, "spent:b", "--verbose");
    assert.equal(code, 0, err);
    assert.match(out, /spent +1\.0\.0 +2 +0/);
    const asked = dataRequests(wire);
    const bytes = asked.reduce((sum, { answerBytes }) => sum + answerBytes, 0);
    const [[size] = []] = await sql(
      project,
      "SELECT sum(total_compressed_size) FROM parquet_metadata('$DIR/out.parquet')",
    );
    assert(Number(size) < 10_000);
    const said = /Read ([\d.]+) MB of the ([\d.]+) MB of spent 1\.0\.0, 2 of 4 row groups, by (\d+) requests/
      .exec(err);
    assert(said !== null, err);
    const [, read = "", whole = "", requests = ""] = said;
    // Three columns of five, of the first and the last row group.
    assert(Number(read) < Number(whole) / 2, err);
    assert.equal(Number(requests), asked.length);
    assert(Math.abs(bytes / 1e6 - Number(read)) < 0.1, `${bytes} bytes came, ${err}`);
    if (wire.kind === "s3") {
      assert(asked.filter(({ method }) => method === "GET").every(({ headers }) => headers.has("if-match")));
    }
  },
);

remoteTest(
  "what is read in part gives the bytes that the whole file does, and is not read again",
  async (project, wire) => {
    const users = Array.from({ length: 50 }, (_, i) => `(${(i * 37) % 900})`).join(", ");
    await sql(project, labels(`${users}, (NULL), (123456)`));
    assert.equal((await project.run(...RETRIEVE, "spent:c")).code, 0);
    const inPart = await Deno.readFile(`${project.cwd}/out.parquet`);
    wire.proxy.clear();
    assert.equal((await project.run(...RETRIEVE, "spent:c")).code, 0);
    assert.deepEqual(dataRequests(wire).map(({ method }) => method), [wire.kind === "s3" ? "HEAD" : "GET"]);
    assert.deepEqual(await Deno.readFile(`${project.cwd}/out.parquet`), inPart);
    // As it is known here, whole.
    assert.equal((await project.run("path", "spent")).code, 0);
    wire.proxy.clear();
    const { code, err } = await project.run(
      "retrieve",
      "--locked",
      "out.lock.json",
      "--output",
      "again.parquet",
    );
    assert.equal(code, 0, err);
    assert.deepEqual(dataRequests(wire), []);
    assert.deepEqual(await Deno.readFile(`${project.cwd}/again.parquet`), inPart);
  },
);

remoteTest(
  "labels that need nearly all of the data get all of it, checked against its hash",
  async (project, wire) => {
    await sql(
      project,
      `COPY (SELECT i AS user_id, TIMESTAMP '2024-03-01' AS at FROM range(4000) t(i)) TO '$DIR/labels.parquet'`,
    );
    const { err } = await project.run(...RETRIEVE, "spent", "--verbose");
    assert.match(err, /^Read all of spent 1\.0\.0, \d+(\.\d)? MB\n$/);
    wire.proxy.clear();
    assert.equal((await project.run(...RETRIEVE, "spent")).code, 0);
    assert.deepEqual(dataRequests(wire), []);
  },
);

remoteTest(
  "a version that vanishes while it is read is one error, and nothing is written",
  async (project, wire) => {
    await sql(project, labels("(7)"));
    const { openStore } = await import("../../src/stores/open.ts");
    const { dataKey } = await import("../../src/publish/object_store/keys.ts");
    const store = await openStore(wire.direct);
    wire.proxy.fault(
      { kind: "first", act: () => store.delete(dataKey("spent", "1.0.0")) },
      {
        when: ({ method, path, headers }) =>
          method === "GET" && headers.has("range") && path.includes("data.parquet"),
        nth: 2,
      },
    );
    const { code, err } = await project.run(...RETRIEVE, "spent:a");
    assert.equal(code, 1, err);
    assert.match(err, /spent\/1\.0\.0\/data\.parquet changed while it was read/);
    assert.match(err, /mlforge list versions/);
    const left = [...Deno.readDirSync(project.cwd)].map(({ name }) => name);
    assert(!left.some((name) => name.includes("out")), left.join());
  },
);

remoteTest(
  "data that another program put in its place is not read in part: the whole of it is refused",
  async (project, wire) => {
    await sql(project, labels("(7)"));
    const store = await openStore(wire.direct);
    const key = dataKey("spent", "1.0.0");
    const there = await store.get(key);
    assert(there !== undefined);
    const bytes = new Uint8Array(
      await new Response(there.body as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
    );
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    assert.equal((await store.put(key, { bytes, sha256 }, { match: there.token })).kind, "written");
    const { code, err } = await project.run(...RETRIEVE, "spent:a");
    assert.equal(code, 1);
    assert.match(err, /Refused the data of "spent" 1\.0\.0: its bytes are not those published/);
  },
);
