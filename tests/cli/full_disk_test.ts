import assert from "node:assert/strict";
import { join } from "node:path";
import { smallDiskTest } from "../small_disk.ts";
import { MLFORGE_YAML, withProject } from "./project.ts";
import { runCli } from "./run_cli.ts";

/** A project of many rows whose store is on another disk. */
async function withStoreOn(folder: string, use: (cwd: string) => Promise<void>): Promise<void> {
  const rows = Array.from({ length: 200_000 }, (_, i) => `${i},2026-01-01 10:00:00,${Math.sin(i)}`);
  await withProject(use, {
    "mlforge.yaml": MLFORGE_YAML.replace("./feature_store", join(folder, "store")),
    "orders.csv": `user_id,at,amount\n${rows.join("\n")}\n`,
  });
}

/** What a person has to see of a failed build: one error, of one line and a hint. */
function assertOneError(err: string, message: RegExp): void {
  assert.match(err, message);
  assert.equal(err.match(/^Error:/gm)?.length, 1, err);
  assert.doesNotMatch(err, /bug in mlforge|^\s+at /m);
}

smallDiskTest(
  "a build onto a full disk ends with 1 and one error, and publishes nothing",
  "1m",
  async ({ folder }) => {
    await Deno.chmod(folder, 0o777);
    await withStoreOn(folder, async (cwd) => {
      const { code, err } = await runCli(["build", "--features", "user_total"], { cwd });
      assert.equal(code, 1, err);
      assertOneError(err, /^Error: .*(no space|disk is full)/im);
      assert.deepEqual(
        JSON.parse((await runCli(["list", "features", "--json"], { cwd })).out).features.map(
          ({ status }: { status: string }) => status,
        ),
        ["not built", "not built"],
      );
    });
  },
);

smallDiskTest(
  "a build onto a disk that is read-only ends with 1 and one error",
  "1m",
  async ({ folder, makeReadOnly }) => {
    await makeReadOnly();
    await withStoreOn(folder, async (cwd) => {
      const { code, err } = await runCli(["build", "--features", "user_total"], { cwd });
      assert.equal(code, 1, err);
      assertOneError(err, /^Error: Can't write to .*: /m);
    });
  },
);
