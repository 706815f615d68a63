import assert from "node:assert/strict";
import { join } from "node:path";
import { cliCommand, runCli, withFolder } from "./run_cli.ts";
import { DEFINITIONS, withProject } from "./project.ts";

for (const template of ["yaml", "ts"]) {
  Deno.test(`init's project in ${template} is valid, builds at once, and has nothing to do then`, async () => {
    await withFolder(async (cwd) => {
      assert.equal((await runCli(["init", "--template", template], { cwd })).code, 0);
      const valid = await runCli(["validate"], { cwd });
      assert.deepEqual(valid, {
        code: 0,
        out: `definitions.${template} is right: features 2, sources 1, entities 1\n`,
        err: "",
      });
      const first = await runCli(["build"], { cwd });
      assert.equal(first.code, 0, first.err);
      assert.match(first.out, /^user_spend +1\.0\.0 .* nothing is published yet$/m);
      assert.match(first.out, /^Built 2, in \d+\.\d+ s$/m);
      const second = await runCli(["build"], { cwd });
      assert.match(second.out, /^Unchanged 2, in \d+\.\d+ s\n$/);
      assert.equal(second.err, "");
    });
  });
}

Deno.test("build --json reports each feature and the transaction", async () => {
  await withProject(async (cwd) => {
    const { code, out } = await runCli(["build", "--json", "--quiet"], { cwd });
    assert.equal(code, 0);
    const report = JSON.parse(out);
    assert.deepEqual(Object.keys(report), ["items", "notes", "seconds", "tx", "warnings"]);
    const item = report.items.find(({ feature }: { feature: string }) => feature === "user_total");
    assert.deepEqual({ ...item, bytes: 0, seconds: 0 }, {
      bump: "first",
      bytes: 0,
      feature: "user_total",
      outcome: "built",
      rows: 2,
      seconds: 0,
      version: "1.0.0",
      why: ["nothing is published yet"],
    });
    assert.equal(typeof report.tx, "string");
  });
});

Deno.test("build --quiet says nothing, and --profile chooses the store", async () => {
  await withProject(async (cwd) => {
    assert.deepEqual(await runCli(["build", "--quiet", "--profile", "other"], { cwd }), {
      code: 0,
      out: "",
      err: "",
    });
    assert.ok((await Deno.stat(join(cwd, "other_store", "user_total", "_latest.json"))).isFile);
    await assert.rejects(Deno.stat(join(cwd, "feature_store")), Deno.errors.NotFound);
  });
});

Deno.test("without a terminal, progress is plain lines on stderr", async () => {
  await withProject(async (cwd) => {
    const { err } = await runCli(["build", "--features", "user_total"], { cwd });
    assert.match(err, /^user_total: started\nbuilt user_total 1\.0\.0: 2 rows, [\d.]+ k?B, [\d.]+ s\n$/);
  });
});

Deno.test("--dry-run, --preview and --check publish nothing", async () => {
  await withProject(async (cwd) => {
    const dry = await runCli(["build", "--dry-run"], { cwd });
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /^user_total +new +1\.0\.0 .* nothing is published yet$/m);
    const preview = await runCli(["build", "--preview", "--features", "user_total"], { cwd });
    assert.equal(preview.out, "user_total\nuser_id  total\n      1     12\n      2     11\n");
    const before = await runCli(["build", "--check"], { cwd });
    assert.equal(before.code, 1);
    assert.match(before.err, /differ: user_orders, user_total\n/);
    await assert.rejects(Deno.stat(join(cwd, "feature_store")), Deno.errors.NotFound);
    assert.equal((await runCli(["build"], { cwd })).code, 0);
    assert.equal((await runCli(["build", "--check"], { cwd })).code, 0);
  });
});

const BROKEN = DEFINITIONS.replace("sum(amount)", "sum(amont)");

Deno.test("a feature that fails publishes nothing, and shows its line", async () => {
  await withProject(async (cwd) => {
    const { code, out, err } = await runCli(["build"], { cwd });
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, /^Nothing was published\.\nError: .*amont/m);
    assert.match(err, /^ {2}definitions\.yaml:16:10\n {2}16 \| +sql: select/m);
    assert.deepEqual(JSON.parse((await runCli(["list", "features", "--json"], { cwd })).out).features, [
      {
        description: "Each order as it was",
        keys: ["user_id"],
        name: "user_orders",
        status: "not built",
        tags: ["raw"],
      },
      { keys: ["user_id"], name: "user_total", status: "not built", tags: [] },
    ]);
  }, { "definitions.yaml": BROKEN });
});

Deno.test("--keep-going publishes the others, and still exits 1", async () => {
  await withProject(async (cwd) => {
    const { code, out } = await runCli(["build", "--keep-going"], { cwd });
    assert.equal(code, 1);
    assert.match(out, /^Built 1, failed 1, in /m);
    assert.equal((await runCli(["path", "user_orders"], { cwd })).code, 0);
  }, { "definitions.yaml": BROKEN });
});

Deno.test("in GitHub Actions a build writes its summary, and errors are annotations", async () => {
  await withProject(async (cwd) => {
    const summary = join(cwd, "summary.md");
    const env = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: cwd, GITHUB_STEP_SUMMARY: summary };
    assert.equal((await runCli(["build"], { cwd, env })).code, 0);
    const text = await Deno.readTextFile(summary);
    assert.match(text, /^### mlforge build\n\nBuilt 2, in /);
    assert.match(text, /^\| user_total \| 1\.0\.0 \| 2 \| .* \| nothing is published yet \|$/m);
    await Deno.writeTextFile(join(cwd, "definitions.yaml"), BROKEN);
    const { err } = await runCli(["build"], { cwd, env });
    assert.match(err, /^::error file=definitions\.yaml,line=16,col=\d+::.*amont/m);
  });
});

const ENDLESS = `import { Definitions, entity, feature, source } from "mlforge";
const orders = source({ name: "orders", path: "orders.csv" });
const user = entity({ name: "user", joinKey: "user_id" });
export default new Definitions({
  name: "shop",
  features: [feature({
    name: "endless", source: orders, entities: [user],
    transform: () => new Promise((done) => setTimeout(done, 600_000)),
  })],
});
`;

Deno.test("what is stopped since another feature failed is not called failed", async () => {
  // From a source of its own: in one worker it would wait for the endless one.
  const failing = ENDLESS.replace(
    "features: [",
    `features: [feature({
    name: "failing", source: source({ name: "others", path: "orders.csv" }), entities: [user],
    transform: () => { throw new Error("No"); },
  }), `,
  );
  await withProject(async (cwd) => {
    await Deno.remove(join(cwd, "definitions.yaml"));
    const { code, err } = await runCli(["build", "--workers", "2"], { cwd });
    assert.equal(code, 1);
    assert.match(err, /^failed failing$/m);
    assert.match(err, /^stopped endless$/m);
  }, { "definitions.ts": failing });
});

for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  Deno.test({
    name: `${signal} ends a build with ${exitCode}, nothing published`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await withProject(async (cwd) => {
        await Deno.remove(join(cwd, "definitions.yaml"));
        const child = cliCommand(["build"], { cwd }).spawn();
        const lines: string[] = [];
        for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
          lines.push(text);
          if (text.includes("started")) child.kill(signal);
        }
        await child.stdout.cancel();
        assert.equal((await child.status).code, exitCode, lines.join(""));
        assert.match(lines.join(""), /Nothing was published\.\nError: (Interrupted|Terminated)\n$/);
        const { features } = JSON.parse((await runCli(["list", "features", "--json"], { cwd })).out);
        assert.deepEqual(features.map((f: { status: string }) => f.status), ["not built"]);
      }, { "definitions.ts": ENDLESS });
    },
  });
}

Deno.test("a summary page that can't be written is said, and fails no build", async () => {
  await withProject(async (cwd) => {
    const { code, err } = await runCli(["build"], {
      cwd,
      env: { GITHUB_STEP_SUMMARY: `${cwd}/nowhere/page` },
    });
    assert.equal(code, 0, err);
    assert.match(err, /Can't write the summary/);
  });
});
