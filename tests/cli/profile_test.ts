import assert from "node:assert/strict";
import { join } from "node:path";
import { wireTest } from "../stores/wire.ts";
import { storeYaml, withBucketProject } from "./bucket_project.ts";
import { withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

interface Step {
  name: string;
  outcome: string;
  milliseconds: number;
}

/** `name outcome` of each step. */
function outcomes({ steps }: { steps: Step[] }): string[] {
  assert.ok(steps.every(({ milliseconds }) => milliseconds >= 0));
  return steps.map(({ name, outcome }) => `${name} ${outcome}`);
}

const WRITABLE = ["folder ok", "read ok", "write ok", "lock ok", "delete ok", "disk ok"];

/** Names below a folder that are there though nobody should have left them. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
}

Deno.test("profile --validate tries a folder step by step, and leaves nothing there", async () => {
  await withProject(async (cwd) => {
    const before = await namesIn(cwd);
    const { code, out, err } = await runCli(["profile", "--validate"], { cwd });
    assert.equal(code, 0, err);
    assert.match(out, /^dev\n {2}file +ok +\d+ ms {2}.*mlforge\.yaml\n/);
    assert.match(out, /^ {2}folder +ok +\d+ ms {2}not there yet: the first build makes it$/m);
    assert.match(out, /^ {2}disk +ok +\d+ ms {2}[\d.]+ GB free\n {2}Good for reading and publishing\n$/m);
    assert.deepEqual(await namesIn(cwd), before);

    assert.equal((await runCli(["build", "--quiet"], { cwd })).code, 0);
    const own = join(cwd, "feature_store", "_mlforge");
    const built = await namesIn(own);
    const again = await runCli(["profile", "--validate"], { cwd });
    assert.match(again.out, /^ {2}read +ok +\d+ ms {2}2 published features$/m);
    assert.deepEqual(await namesIn(own), built);
  });
});

Deno.test("profile --validate --all tries each profile, whatever comes of the others", async () => {
  const profiles = `default_profile: dev
profiles:
  production: { offline_store: { KIND: local, path: "\${oc.env:MISSING_FOLDER}" } }
  dev: { offline_store: { KIND: local, path: "\${oc.env:FOLDER}/\${oc.env:SUBFOLDER,sub}" } }
  wrong: { offline_store: { KIND: local, path: ./mlforge.yaml } }
`;
  await withProject(async (cwd) => {
    const env = { FOLDER: cwd };
    const { code, out, err } = await runCli(["profile", "--validate", "--all", "--json"], { cwd, env });
    assert.equal(code, 2);
    const { validated } = JSON.parse(out);
    assert.deepEqual(
      validated.map(({ profile, good_for }: Record<string, string>) => `${profile}: ${good_for}`),
      ["production: nothing", "dev: publishing", "wrong: nothing"],
    );
    assert.deepEqual(outcomes(validated[0]), ["file ok", "variables failed"]);
    assert.deepEqual(outcomes(validated[1]), ["file ok", "variables ok", ...WRITABLE]);
    assert.equal(validated[1].steps[1].says, "FOLDER, SUBFOLDER (its default)");
    assert.deepEqual(outcomes(validated[2]), ["file ok", "variables ok", "folder failed"]);
    const { error } = JSON.parse(err);
    assert.match(error.message, /"MISSING_FOLDER" is not set/);
    assert.match(error.others[0].message, /it is a file/);
  }, { "mlforge.yaml": profiles });
});

Deno.test({
  name: "profile --validate tells a folder that can only be read as read-only, which is no failure",
  // A folder in which not even root may write.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const profiles = "profiles:\n  there: { offline_store: { KIND: local, path: /sys/kernel } }\n";
    await withProject(async (cwd) => {
      const { code, out, err } = await runCli(["profile", "--validate", "--profile", "there"], { cwd });
      assert.deepEqual({ code, err }, { code: 0, err: "" });
      assert.match(out, /^ {2}write +refused +\d+ ms {2}Can't write to "\/sys\/kernel": permission denied$/m);
      assert.match(out, /^ {2}Read-only: good for reading$/m);
    }, { "mlforge.yaml": profiles });
  },
});

Deno.test("profile --validate tries the store of the definitions where there is no mlforge.yaml", async () => {
  const store = "offline_store: { KIND: local, path: ./defined_store }\n";
  await withProject(async (cwd) => {
    await Deno.remove(join(cwd, "mlforge.yaml"));
    const definitions = join(cwd, "definitions.yaml");
    await Deno.writeTextFile(definitions, store + await Deno.readTextFile(definitions));
    const { code, out } = await runCli(["profile", "--validate", "--json"], { cwd });
    assert.equal(code, 0);
    const { file, validated } = JSON.parse(out);
    assert.equal(file, null);
    assert.deepEqual(validated[0].store, { kind: "local", path: join(cwd, "defined_store") });
    assert.deepEqual(outcomes(validated[0]), WRITABLE);
  });
});

Deno.test("profile --all without --validate is wrong use", async () => {
  await withProject(async (cwd) => {
    const { code, err } = await runCli(["profile", "--all"], { cwd });
    assert.equal(code, 2);
    assert.match(err, /--all goes with --validate/);
  });
});

wireTest("profile --validate tries a bucket step by step, and leaves nothing there", async (wire) => {
  await withBucketProject(wire, async ({ run }) => {
    const { code, out } = await run("profile", "--validate", "--json");
    assert.equal(code, 0);
    const [there] = JSON.parse(out).validated;
    assert.equal(there.good_for, "publishing");
    assert.deepEqual(outcomes(there), [
      "file ok",
      "variables ok",
      "credentials ok",
      "bucket ok",
      "region unknown",
      "list ok",
      "read ok",
      "write ok",
      "conditions ok",
      "delete ok",
    ]);
    const says = (step: string) => there.steps.find(({ name }: Step) => name === step).says;
    assert.match(says("region"), /; where this machine is, nothing tells; [\d.]+ ms there and back$/);
    assert.equal(says("list"), "nothing is there yet");
    assert.match((await run("profile", "--validate")).out, /^ {2}list +ok +\d+ ms {2}nothing is there yet$/m);
  });
});

wireTest("profile --validate says that a bucket is not there", async (wire) => {
  const store = storeYaml({ ...wire, store: { ...wire.store, bucket: "no-such-bucket" } });
  await withBucketProject(wire, async ({ run }) => {
    const { code, out, err } = await run("profile", "--validate", "--profile", "missing");
    assert.notEqual(code, 0);
    assert.match(out, /^ {2}bucket +failed .*there is no bucket "no-such-bucket"$/m);
    assert.match(err, /^Error: .*there is no bucket "no-such-bucket"$/m);
  }, { "mlforge.yaml": `profiles:\n  missing: { offline_store: ${store} }\n` });
});

wireTest(
  "where a server forbids writing, a profile is read-only, and a build fails with one error",
  async (wire) => {
    await withBucketProject(wire, async ({ run }) => {
      assert.equal((await run("build", "--quiet")).code, 0);
      wire.proxy.fault({ kind: "answer", status: 403, applied: false }, {
        when: ({ method }) => method !== "GET" && method !== "HEAD",
        times: Infinity,
      });
      const { code, out, err } = await run("profile", "--validate");
      assert.deepEqual({ code, err }, { code: 0, err: "" });
      assert.match(out, /^ {2}write +refused +\d+ ms {2}Can't write .*: access is denied$/m);
      assert.match(out, /^ {2}Read-only: good for reading$/m);
      assert.equal((await run("show", "user_total")).code, 0);

      const build = await run("build", "--features", "user_total", "--force", "--version", "2.0.0");
      assert.equal(build.code, 1);
      assert.match(build.err, /Nothing was published\.\nError: Can't write .*: access is denied\n {2}\S/);
      assert.equal(build.err.match(/Error:/g)?.length, 1, build.err);
    });
  },
);
