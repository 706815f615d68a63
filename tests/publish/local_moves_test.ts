import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { openLocalPublisher } from "../../src/publish/local.ts";
import { stableJson } from "../../src/publish/meta.ts";
import { dataText, publishTexts, readText, sampleMeta, sha256, stageText, versionsOf } from "./contract.ts";
import { assertCleared, FEATURES, spawnChild, viewOf } from "./kill/whole.ts";
import { visibleBatch } from "./whole.ts";

// What git, a person, another process or a full disk does to a store between (and during) mlforge's own steps.

const WHO = { tool: "mlforge 0.0.0", command: "test" };

function test(name: string, body: (store: string) => Promise<void>, ignore = false): void {
  Deno.test({
    name: `local publisher: ${name}`,
    ignore,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await body(`${folder}/store`);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

function textsOf(batch: string): Record<string, string> {
  return Object.fromEntries(FEATURES.map((feature) => [feature, `${feature} of ${batch}`]));
}

/** A version as git brings it: metadata and pointer, no data. */
async function checkOut(store: string, feature: string, version: string): Promise<void> {
  await Deno.mkdir(`${store}/${feature}/${version}`, { recursive: true });
  const meta = sampleMeta("elsewhere", feature, version, "of another branch", "minor");
  await Deno.writeTextFile(`${store}/${feature}/${version}/.meta.json`, stableJson(meta));
  await Deno.writeTextFile(`${store}/${feature}/_latest.json`, stableJson({ version }));
}

async function killedAtPointer(store: string): Promise<void> {
  await publishTexts(openLocalPublisher(store), textsOf("old 1"));
  const output = await spawnChild(store, "killed", 1, "--kill-at", "orders/_latest.json").output();
  assert.equal(output.signal, "SIGKILL");
}

const unix = Deno.build.os !== "windows";

test("a commit left half done is dropped where git moved a pointer meanwhile", async (store) => {
  await killedAtPointer(store);
  await checkOut(store, "visits", "7.0.0");
  const publisher = openLocalPublisher(store);
  const seen = await publisher.read();
  assert.equal(seen.features.get("visits")?.version, "7.0.0");
  assert.equal(seen.features.get("orders")?.version, "1.0.0");
  assert.match(seen.notes.join(), /clicks, orders, visits were changed .* next build drops it/);
  const batch = await publisher.begin(WHO);
  assert.match(batch.base.notes.join(), /interrupted "build by killed": its commit was dropped/);
  assert.deepEqual(batch.base.features, seen.features);
  await batch.close();
  assert.deepEqual((await publisher.read()).notes, []);
  await assertCleared(store);
}, !unix);

test(
  "a commit left half done is dropped after a real change of branches, and the branch reads whole",
  async (store) => {
    const git = async (...args: string[]) => {
      const env = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
      const person = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"];
      const { success, stdout, stderr } = await new Deno.Command("git", {
        args: [...person, ...args],
        cwd: store,
        env,
      })
        .output();
      assert.ok(success, new TextDecoder().decode(stderr));
      return new TextDecoder().decode(stdout);
    };
    const commit = async () => {
      await git("add", "-A");
      await git("commit", "-q", "-m", "build");
    };
    const publisher = openLocalPublisher(store);
    await publishTexts(publisher, textsOf("old 1"));
    await git("init", "-q", "-b", "main");
    await commit();
    await git("checkout", "-q", "-b", "other");
    await publishTexts(publisher, textsOf("other 1"));
    await commit();
    await git("checkout", "-q", "main");
    const killed = await spawnChild(store, "killed", 1, "--kill-at", "visits/_latest.json").output();
    assert.equal(killed.signal, "SIGKILL");
    await git("checkout", "-q", "-f", "other");
    assert.match((await publisher.read()).notes.join(), /next build drops it/);
    const batch = await publisher.begin(WHO);
    await batch.close();
    assert.match(batch.base.notes.join(), /"build by killed": its commit was dropped/);
    assert.deepEqual(versionsOf(await publisher.read()), {
      clicks: "1.1.0",
      orders: "1.1.0",
      visits: "1.1.0",
    });
    for (const feature of FEATURES) {
      const contentHash = sha256(`${feature} of other 1`);
      // The dead build's data lies there, under the number of this branch's version.
      assert.equal(await publisher.dataState({ feature, version: "1.1.0", contentHash }), "other");
    }
    assert.equal(await git("status", "--porcelain"), "");
  },
  !unix,
);

test("a commit left half done is dropped where git brought other metadata of its version", async (store) => {
  await publishTexts(openLocalPublisher(store), textsOf("old 1"));
  const killed = await spawnChild(store, "killed", 1, "--kill-at", "orders/1.1.0/.meta.json").output();
  assert.equal(killed.signal, "SIGKILL");
  await checkOut(store, "orders", "1.1.0");
  await Deno.writeTextFile(`${store}/orders/_latest.json`, stableJson({ version: "1.0.0" }));
  const batch = await openLocalPublisher(store).begin(WHO);
  await batch.close();
  assert.match(batch.base.notes.join(), /was dropped/);
  assert.deepEqual(versionsOf(batch.base), { clicks: "1.0.0", orders: "1.0.0", visits: "1.0.0" });
  const meta = await openLocalPublisher(store).metadata("orders", "1.1.0");
  assert.equal(meta?.mlforge.tx, "elsewhere", "what git brought is as it was");
}, !unix);

test("a commit left half done is completed, and said so", async (store) => {
  await killedAtPointer(store);
  const batch = await openLocalPublisher(store).begin(WHO);
  await batch.close();
  assert.match(
    batch.base.notes.join(),
    /^Completed the interrupted "build by killed" of .*: clicks, orders, visits$/,
  );
  assert.equal(await visibleBatch(viewOf(store)), "killed 1");
}, !unix);

test("a commit whose data someone deleted is published without it, as after a clone", async (store) => {
  await publishTexts(openLocalPublisher(store), textsOf("old 1"));
  const killed = await spawnChild(store, "killed", 1, "--kill-at", "clicks/1.1.0/data.parquet").output();
  assert.equal(killed.signal, "SIGKILL");
  await Deno.remove(`${store}/_mlforge/tx`, { recursive: true });
  const publisher = openLocalPublisher(store);
  await (await publisher.begin(WHO)).close();
  assert.equal((await publisher.read()).features.get("clicks")?.version, "1.1.0");
  assert.equal(await publisher.dataPath("clicks", "1.1.0"), undefined);
}, !unix);

test("a clone's features are published, and their data is absent", async (store) => {
  await checkOut(store, "clicks", "2.0.0");
  const publisher = openLocalPublisher(store);
  assert.deepEqual(versionsOf(await publisher.read()), { clicks: "2.0.0" });
  assert.deepEqual(await publisher.versions("clicks"), ["2.0.0"]);
  assert.equal(await publisher.dataPath("clicks", "2.0.0"), undefined);
  assert.equal(
    await Deno.stat(`${store}/_mlforge`).then(() => true, () => false),
    false,
    "reading writes nothing",
  );
});

test("data that another branch left under a version's number is not taken for it", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  await checkOut(store, "clicks", "1.0.0");
  assert.equal(await publisher.dataPath("clicks", "1.0.0"), undefined);
  await Deno.writeTextFile(`${store}/clicks/1.0.0/data.parquet`, "of another branch");
  assert.equal(await dataText(publisher, "clicks", "1.0.0"), "of another branch");
});

test("data of the same rows in other bytes counts as long as it is that file, whatever its time", async (store) => {
  const publisher = openLocalPublisher(store);
  await checkOut(store, "clicks", "1.0.0");
  const data = { feature: "clicks", version: "1.0.0", contentHash: sha256("of another branch") };
  const batch = await publisher.begin(WHO);
  const file = `${batch.folder}/again.parquet`;
  await Deno.writeTextFile(file, "by another engine");
  assert.equal(await batch.restore({ ...data, file, fileHash: sha256("by another engine") }), true);
  await batch.close();
  const path = await publisher.dataPath("clicks", "1.0.0") ?? assert.fail();
  await Deno.utime(path, 1, 1);
  assert.equal(await publisher.dataState(data, { thorough: true }), "here");
  await Deno.writeTextFile(path, "by another hand!!");
  assert.equal(await publisher.dataState(data), "other");
});

test("data that was changed without its size and time is found by reading it", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  const data = { feature: "clicks", version: "1.0.0", contentHash: sha256("c1") };
  const path = await publisher.dataPath("clicks", "1.0.0") ?? assert.fail();
  const { atime, mtime } = await Deno.stat(path);
  await Deno.writeTextFile(path, "cX");
  await Deno.utime(path, atime ?? 0, mtime ?? 0);
  assert.equal(await publisher.dataState(data), "here");
  assert.equal(await publisher.dataState(data, { thorough: true }), "other");
});

test("stale data without metadata is replaced by a new version of its number", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  await Deno.mkdir(`${store}/clicks/1.1.0`);
  await Deno.writeTextFile(`${store}/clicks/1.1.0/data.parquet`, "of another branch");
  assert.deepEqual(await publisher.versions("clicks"), ["1.0.0"]);
  await publishTexts(publisher, { clicks: "c2" });
  assert.equal(await readText(publisher, "clicks"), "1.1.0 c2");
});

test("a published version's metadata is never overwritten", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  const batch = await publisher.begin(WHO);
  const entry = await stageText(publisher, batch, "clicks", "c2");
  await checkOut(store, "clicks", "1.1.0");
  const theirs = await Deno.readTextFile(`${store}/clicks/1.1.0/.meta.json`);
  await Deno.writeTextFile(`${store}/clicks/_latest.json`, stableJson({ version: "1.0.0" }));
  await assert.rejects(batch.publish([entry]), /Refused to publish clicks 1.1.0/);
  await batch.close();
  assert.equal(await Deno.readTextFile(`${store}/clicks/1.1.0/.meta.json`), theirs);
  assert.equal(await readText(publisher, "clicks"), "1.0.0 c1");
});

test("a version of the same number from another branch is another base: lost", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  const batch = await publisher.begin(WHO);
  const entry = await stageText(publisher, batch, "clicks", "c2");
  await checkOut(store, "clicks", "1.0.0");
  assert.equal((await batch.publish([entry])).kind, "lost");
  await batch.close();
});

test("git sees metadata, pointers and ignore files, and no data or working files", async (store) => {
  await publishTexts(openLocalPublisher(store), { clicks: "c1" });
  const git = (...args: string[]) => new Deno.Command("git", { args, cwd: store }).output();
  await git("init", "-q");
  const { stdout } = await git("ls-files", "--others", "--exclude-standard");
  assert.deepEqual(new TextDecoder().decode(stdout).trim().split("\n").sort(), [
    "clicks/.gitignore",
    "clicks/1.0.0/.meta.json",
    "clicks/_latest.json",
  ]);
  assert.equal(await Deno.readTextFile(`${store}/clicks/_latest.json`), '{\n  "version": "1.0.0"\n}\n');
});

test("a .gitignore that someone wrote is left as it is", async (store) => {
  await Deno.mkdir(`${store}/clicks`, { recursive: true });
  await Deno.writeTextFile(`${store}/clicks/.gitignore`, "*.parquet\n");
  await publishTexts(openLocalPublisher(store), { clicks: "c1" });
  assert.equal(await Deno.readTextFile(`${store}/clicks/.gitignore`), "*.parquet\n");
});

test("a pointer that a merge left broken is named, with what to do", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  await Deno.writeTextFile(`${store}/clicks/_latest.json`, '<<<<<<< HEAD\n{"version": "1.0.0"}\n');
  await assert.rejects(
    publisher.read(),
    (error) =>
      error instanceof MlforgeError && /clicks[\\/]_latest.json/.test(error.message) &&
      /git/.test(error.hint ?? ""),
  );
});

test("a pointer to a version without metadata is named", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  await Deno.remove(`${store}/clicks/1.0.0`, { recursive: true });
  await assert.rejects(publisher.read(), /names version 1.0.0, which has no metadata/);
});

test("a batch whose folder was cleared away fails clean", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  const batch = await publisher.begin(WHO);
  const entries = [
    await stageText(publisher, batch, "clicks", "c2"),
    await stageText(publisher, batch, "visits", "v1"),
  ];
  await Deno.remove(batch.folder, { recursive: true });
  await assert.rejects(batch.publish(entries), /Can't publish clicks 1.1.0: its data is not in .* any more/);
  await batch.close();
  assert.deepEqual(versionsOf(await publisher.read()), { clicks: "1.0.0" });
  assert.equal(await Deno.stat(`${store}/visits`).then(() => true, () => false), false);
});

test("the folder of a dead process is removed by the next batch, a living one's is not", async (store) => {
  const publisher = openLocalPublisher(store);
  const living = await publisher.begin(WHO);
  const killed = await spawnChild(store, "killed", 1, "--kill-at", "_mlforge/journal.json").output();
  assert.equal(killed.success, false);
  const count = async () => (await Array.fromAsync(Deno.readDir(`${store}/_mlforge/tx`))).length;
  assert.equal(await count(), 2);
  const next = await publisher.begin(WHO);
  assert.equal(await count(), 2);
  assert.ok((await Deno.stat(living.folder)).isDirectory);
  await next.close();
  await living.close();
  assert.equal(await count(), 0);
}, !unix);

test("a link that leads out of the store is not written through", async (store) => {
  const outside = `${store}-outside`;
  await Deno.mkdir(outside);
  await Deno.mkdir(store);
  await Deno.symlink(outside, `${store}/clicks`);
  await assert.rejects(publishTexts(openLocalPublisher(store), { clicks: "c1" }), /leads out of the store/);
  await Deno.symlink(`${outside}/nowhere`, `${store}/visits`);
  await assert.rejects(publishTexts(openLocalPublisher(store), { visits: "v1" }), /leads out of the store/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(outside)), []);
  await Deno.remove(`${store}/_mlforge`, { recursive: true });
  await Deno.symlink(outside, `${store}/_mlforge`);
  await assert.rejects(openLocalPublisher(store).begin(WHO), /leads out of the store/);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(outside)), []);
}, !unix);

test("a file where a folder should be is named, and nothing is published", async (store) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  await Deno.writeTextFile(`${store}/visits`, "a file");
  await assert.rejects(
    publishTexts(publisher, { clicks: "c2", visits: "v1" }),
    (error) => error instanceof MlforgeError && error.code === "failed" && /visits/.test(error.message),
  );
  assert.deepEqual(versionsOf(await publisher.read()), { clicks: "1.0.0" });
  assert.deepEqual(await publisher.versions("clicks"), ["1.0.0"]);
});

test("whoever waits for another process is told for whom", async (store) => {
  const child = spawnChild(store, "slow", 1, "--slow", "orders/_latest.json");
  const output = child.output();
  while (!await Deno.stat(`${store}/_mlforge/journal.json`).then(() => true, () => false)) {
    await new Promise((resume) => setTimeout(resume, 20));
  }
  const told: string[] = [];
  const batch = await openLocalPublisher(store, { onWait: (text) => told.push(text) }).begin(WHO);
  await batch.close();
  assert.equal((await output).success, true);
  assert.equal(told.length, 1);
  assert.match(
    told.join(),
    new RegExp(`Waiting for "build by slow" \\(process ${child.pid} on .*, since 20`),
  );
  assert.equal(await visibleBatch(viewOf(store), batch.base), "slow 1");
});

test("two processes that publish the same features take turns, and readers see whole batches", async (store) => {
  const outputs = ["one", "two"].map((name) => spawnChild(store, name, 12).output());
  let racing = true;
  const over = Promise.all(outputs).finally(() => racing = false);
  const seen = new Set<string | undefined>();
  while (racing) seen.add(await visibleBatch(viewOf(store)));
  for (const output of await over) {
    assert.equal(output.success, true, new TextDecoder().decode(output.stderr));
  }
  assert.ok(seen.size > 4, `the reader saw ${seen.size} batches`);
  for (const feature of FEATURES) {
    assert.equal((await openLocalPublisher(store).versions(feature)).length, 24);
  }
  await assertCleared(store);
});
