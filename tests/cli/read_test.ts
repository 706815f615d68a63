import assert from "node:assert/strict";
import { join } from "node:path";
import { loadedModules } from "./loaded_modules.ts";
import { cliCommand, runCli, withFolder } from "./run_cli.ts";
import { DEFINITIONS, withProject } from "./project.ts";

/** A project whose features are built. */
async function withBuilt(use: (folder: string) => Promise<void>): Promise<void> {
  await withProject(async (cwd) => {
    const { code, err } = await runCli(["build", "--quiet"], { cwd });
    assert.equal(code, 0, err);
    await use(cwd);
  });
}

Deno.test("list and inspect give JSON with the documented keys", async () => {
  await withBuilt(async (cwd) => {
    const json = async (...args: string[]) => JSON.parse((await runCli([...args, "--json"], { cwd })).out);
    const { features } = await json("list", "features");
    assert.deepEqual(Object.keys(features[0]), [
      "bytes",
      "description",
      "keys",
      "name",
      "rows",
      "status",
      "tags",
      "updated_at",
      "version",
    ]);
    const { feature, versions } = await json("list", "versions", "user_total");
    assert.equal(feature, "user_total");
    assert.deepEqual(Object.keys(versions[0]), [
      "bump_type",
      "bytes",
      "content_hash",
      "created_at",
      "data",
      "published",
      "reason",
      "rows",
      "version",
    ]);
    assert.deepEqual((await json("list", "entities")).entities, [
      { features: ["user_orders", "user_total"], keys: ["user_id"], name: "user" },
    ]);
    assert.deepEqual((await json("list", "sources")).sources, [
      { features: ["user_orders", "user_total"], format: "csv", name: "orders", path: "orders.csv" },
    ]);
    assert.equal((await json("inspect", "feature", "user_total")).row_count, 2);
    assert.deepEqual((await json("inspect", "entity", "user")).keys, ["user_id"]);
    assert.equal((await json("inspect", "source", "orders")).format, "csv");
    const profile = await json("profile");
    assert.deepEqual({ ...profile, file: "", store: "" }, {
      file: "",
      from: "default_profile",
      profile: "dev",
      profiles: ["dev", "other"],
      store: "",
    });
    assert.deepEqual(profile.store, { kind: "local", path: join(cwd, "feature_store") });
  });
});

Deno.test("inspect says for people what each column is", async () => {
  await withBuilt(async (cwd) => {
    const { out } = await runCli(["inspect", "feature", "user_orders"], { cwd });
    assert.match(out, /^version +1\.0\.0 \(published\)$/m);
    assert.match(out, /^user_id +int64 +key$/m);
    assert.match(out, /^at +timestamp\[us\] +time$/m);
    const data = join(cwd, "feature_store", "user_orders", "1.0.0", "data.parquet");
    assert.ok(out.includes(`data         ${data}\n`), out);
  });
});

Deno.test("show gives rows of a key, as of a time: strictly before it where rows are events", async () => {
  await withBuilt(async (cwd) => {
    const show = async (...args: string[]) => {
      const { out, err } = await runCli(["show", "user_orders", "--json", ...args], { cwd });
      assert.equal(err, "");
      return JSON.parse(out).rows.map((
        row: { user_id: number; amount: number },
      ) => [row.user_id, row.amount]);
    };
    assert.deepEqual(await show(), [[1, 5], [1, 7], [2, 11]]);
    assert.deepEqual(await show("--limit", "1"), [[1, 5]]);
    assert.deepEqual(await show("--key", "user_id=1"), [[1, 5], [1, 7]]);
    assert.deepEqual(await show("--at", "2026-01-03T10:00:00Z"), [[1, 5], [2, 11]]);
    assert.deepEqual(await show("--at", "2026-01-03T10:00:00.000001Z"), [[1, 7], [2, 11]]);
    assert.deepEqual(await show("--at", "2026-01-03T12:00:00+02:00"), [[1, 5], [2, 11]]);
    assert.deepEqual(await show("--key", "user_id=2", "--at", "2026-01-02"), []);
  });
});

Deno.test("show reads a key that is a time with its offset", async () => {
  const definitions = DEFINITIONS + "  by_time:\n    source: orders\n    keys: [at]\n";
  await withProject(async (cwd) => {
    assert.equal((await runCli(["build", "--quiet"], { cwd })).code, 0);
    for (const time of ["2026-01-01 10:00:00", "2026-01-01T12:00:00+02:00", "2026-01-01T10:00:00Z"]) {
      const { out } = await runCli(["show", "by_time", "--key", `at=${time}`, "--json"], { cwd });
      assert.deepEqual(JSON.parse(out).rows.map((row: { amount: number }) => row.amount), [5], time);
    }
  }, { "definitions.yaml": definitions });
});

Deno.test("wrong names and values of show and path are clear errors", async () => {
  await withBuilt(async (cwd) => {
    const cases: [string[], string][] = [
      [["show", "user_totl"], 'There is no published feature "user_totl"\n  Did you mean "user_total"?'],
      [["show", "user_total@2.0.0"], 'There is no version 2.0.0 of "user_total"\n  There are: 1.0.0.'],
      [
        ["show", "user_orders", "--key", "user=1"],
        '"user" is not a key of "user_orders"\n  There are: user_id.',
      ],
      [["show", "user_orders", "--key", "user_id=x"], '"x" is not a value of key "user_id", which is BIGINT'],
      [
        ["show", "user_orders", "--key", "user_id=1.4"],
        '"1.4" is not a value of key "user_id", which is BIGINT',
      ],
      [
        ["show", "user_orders", "--key", "user_id=1", "--key", "user_id=2"],
        'Key "user_id" is given more than once',
      ],
      [
        ["show", "user_orders", "--at", "infinity"],
        '"infinity" is not a time\n  Write it as 2026-01-31 or 2026-01-31T12:00:00Z.',
      ],
      [
        ["show", "user_orders", "--at", "tomorrow"],
        '"tomorrow" is not a time\n  Write it as 2026-01-31 or 2026-01-31T12:00:00Z.',
      ],
      [
        ["show", "user_total", "--at", "2026-01-01"],
        '"user_total" has no time, so --at can\'t be used\n  Its definition has no timestamp: each key has one row.',
      ],
      [["inspect", "entity", "usr"], 'There is no entity "usr"\n  Did you mean "user"?'],
    ];
    for (const [args, message] of cases) {
      assert.deepEqual(await runCli(args, { cwd }), { code: 2, out: "", err: `Error: ${message}\n` });
    }
    await Deno.remove(join(cwd, "feature_store", "user_total", "1.0.0", "data.parquet"));
    const { code, err } = await runCli(["path", "user_total"], { cwd });
    assert.equal(code, 1);
    assert.match(err, /^Error: The data of "user_total" 1\.0\.0 is not here\n/);
  });
});

Deno.test("path prints the Parquet file, alone", async () => {
  await withBuilt(async (cwd) => {
    const { out } = await runCli(["path", "user_total@1.0.0"], { cwd });
    assert.equal(out, join(cwd, "feature_store", "user_total", "1.0.0", "data.parquet") + "\n");
  });
});

Deno.test("list versions and inspect say of which versions the data is here", async () => {
  await withBuilt(async (cwd) => {
    await runCli(["build", "--version", "2.0.0", "--quiet"], { cwd });
    await Deno.remove(join(cwd, "feature_store/user_total/1.0.0/data.parquet"));
    const { out } = await runCli(["list", "versions", "user_total"], { cwd });
    assert.match(out, /^ +1\.0\.0 .* not here +2\d\d\d-.* first +First build\.$/m);
    assert.match(out, /^\* +2\.0\.0 .* here +2\d\d\d-.* requested +A version was asked for\.$/m);
    const line = async (name: string) => (await runCli(["inspect", "feature", name], { cwd })).out;
    assert.match(await line("user_total@1.0.0"), /^data +not here: mlforge sync brings it back$/m);
    assert.match(await line("user_total"), /^data +\/.*2\.0\.0\/data\.parquet$/m);
  });
});

Deno.test("data that is not here is named, with the command that makes it again", async () => {
  await withBuilt(async (cwd) => {
    await Deno.remove(join(cwd, "feature_store/user_total/1.0.0/data.parquet"));
    assert.match((await runCli(["show", "user_total"], { cwd })).err, /"user_total" 1\.0\.0 is not here/);
    const { code, err } = await runCli(["path", "user_total"], { cwd });
    assert.equal(code, 1);
    const [command] = /mlforge (sync --features user_total)/.exec(err)?.slice(1) ?? [];
    assert.ok(command !== undefined, err);
    assert.equal((await runCli(command.split(" "), { cwd })).code, 0);
    assert.equal((await runCli(["path", "user_total"], { cwd })).code, 0);
    await runCli(["build", "--version", "2.0.0"], { cwd });
    await Deno.remove(join(cwd, "feature_store/user_total/1.0.0/data.parquet"));
    assert.match(
      (await runCli(["path", "user_total@1.0.0"], { cwd })).err,
      /mlforge sync --features user_total --version 1\.0\.0 brings it back/,
    );
  });
});

Deno.test("retrieve joins features to labels, and counts", async () => {
  await withBuilt(async (cwd) => {
    await Deno.writeTextFile(
      join(cwd, "labels.csv"),
      "customer,when\n1,2026-01-02 00:00:00\n3,2026-01-02 00:00:00\n",
    );
    const args = [
      "--labels",
      "labels.csv",
      "--features",
      "user_orders",
      "--time",
      "when",
      "--key",
      "user_id=customer",
    ];
    const { code, out, err } = await runCli(["retrieve", ...args, "-o", "out.parquet", "--json"], { cwd });
    assert.equal(code, 0, err);
    const report = JSON.parse(out);
    assert.equal(report.rows, 2);
    assert.equal(report.features[0].matched, 1);
    assert.equal(report.features[0].unmatched, 1);
    assert.ok((await Deno.stat(join(cwd, "out.parquet"))).size > 0);
  });
});

Deno.test("retrieve writes to standard output, and what a lock describes again", async () => {
  await withBuilt(async (cwd) => {
    await Deno.writeTextFile(join(cwd, "labels.csv"), "user_id,at\n1,2026-01-02 00:00:00\n");
    const asked = ["retrieve", "--labels", "labels.csv", "--features", "user_orders:amount", "--time", "at"];
    const piped = await runCli([...asked, "-o", "-"], { cwd });
    assert.equal(piped.out, "user_id,at,user_orders__amount\n1,2026-01-02 00:00:00,5\n", piped.err);
    const first = await runCli([...asked, "-o", "train.parquet"], { cwd });
    assert.match(first.out, /Wrote 1 rows to train\.parquet, and train\.lock\.json/, first.err);
    const again = await runCli(["retrieve", "--locked", "train.lock.json", "-o", "again.parquet"], { cwd });
    assert.equal(again.code, 0, again.err);
    const bytes = (name: string) => Deno.readFile(join(cwd, name));
    assert.deepEqual(await bytes("again.parquet"), await bytes("train.parquet"));
    const other = await runCli(
      ["retrieve", "--locked", "train.lock.json", "--features", "user_total", "-o", "x.parquet"],
      { cwd },
    );
    assert.equal(other.code, 2);
    assert.match(other.err, /--features can't be changed with --locked/);
    const nothing = await runCli(["retrieve", "-o", "x.parquet"], { cwd });
    assert.match(nothing.err, /Nothing to retrieve without --labels/);
  });
});

Deno.test("schema prints JSON Schemas", async () => {
  for (const file of [[], ["profile"], ["definitions"]]) {
    const { code, out } = await runCli(["schema", ...file]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).type, "object");
  }
});

Deno.test("without a project, errors say how to get one", async () => {
  await withFolder(async (cwd) => {
    for (const args of [["build"], ["list", "features"], ["profile"]]) {
      const { code, out, err } = await runCli(args, { cwd });
      assert.equal(code, 2, err);
      assert.equal(out, "");
      assert.match(err, /mlforge init/);
    }
  });
});

Deno.test("list features loads neither engines nor TypeScript's tools", async () => {
  await withBuilt(async (cwd) => {
    const urls = await loadedModules(["list", "features"], { cwd });
    for (
      const name of ["duckdb", "apache-arrow", "parquet-wasm", "semver", "sucrase", "acorn", "log-update"]
    ) {
      assert.deepEqual(urls.filter((url) => url.includes(name)), [], name);
    }
  });
});

Deno.test("a reader that closes the pipe early ends a listing without a word", async () => {
  await withBuilt(async (cwd) => {
    const child = cliCommand(["inspect", "feature", "user_total", "--json"], { cwd }).spawn();
    await child.stdout.cancel();
    const [status, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
    assert.deepEqual({ code: status.code, err }, { code: 0, err: "" });
  });
});
