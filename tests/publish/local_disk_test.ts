import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { openLocalPublisher } from "../../src/publish/local.ts";
import { root, type SmallDisk, smallDiskTest } from "../small_disk.ts";
import { publishTexts, readText, stageText, versionsOf } from "./contract.ts";

const WHO = { tool: "mlforge 0.0.0", command: "test" };
/** A store on a small file system of its own. */
function testOnDisk(name: string, body: (store: string, disk: SmallDisk) => Promise<void>): void {
  smallDiskTest(`local publisher: ${name}`, "512k", (disk) => body(`${disk.folder}/store`, disk));
}

async function tree(folder: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("find", { args: [folder, "-not", "-path", "*/_mlforge*"] })
    .output();
  return new TextDecoder().decode(stdout).trim().split("\n").sort();
}

testOnDisk("on a full disk a batch fails clean, and succeeds when there is space", async (store, disk) => {
  const publisher = openLocalPublisher(store);
  await publishTexts(publisher, { clicks: "c1" });
  const before = await tree(store);
  const batch = await publisher.begin(WHO);
  const entries = [
    await stageText(publisher, batch, "clicks", "c2"),
    await stageText(publisher, batch, "visits", "v1"),
  ];
  // The last block of the disk, taken byte by byte.
  await new Deno.Command("dd", {
    args: ["if=/dev/zero", `of=${disk.folder}/filler`, "bs=4k"],
    stderr: "null",
  })
    .output();
  await assert.rejects(
    batch.publish(entries),
    (error) =>
      error instanceof MlforgeError && error.code === "failed" && /the disk is full/.test(error.message) &&
      error.message.includes(store),
  );
  assert.deepEqual(await tree(store), before);
  assert.equal(await readText(publisher, "clicks"), "1.0.0 c1");
  await Deno.remove(`${disk.folder}/filler`);
  assert.equal((await batch.publish(entries)).kind, "published");
  await batch.close();
  assert.equal(await readText(publisher, "clicks"), "1.1.0 c2");
});

testOnDisk("a read-only store reads fine, and names itself when it is to be written", async (store, disk) => {
  await publishTexts(openLocalPublisher(store), { clicks: "c1" });
  await Deno.remove(`${store}/_mlforge`, { recursive: true });
  await disk.makeReadOnly();
  const publisher = openLocalPublisher(store);
  assert.deepEqual(versionsOf(await publisher.read()), { clicks: "1.0.0" });
  assert.equal(await readText(publisher, "clicks"), "1.0.0 c1");
  await assert.rejects(
    publisher.begin(WHO),
    (error) =>
      error instanceof MlforgeError && /file system is read-only/.test(error.message) &&
      error.message.includes(store),
  );
});

Deno.test({
  name: "local publisher: a folder without the right to write is named, and nothing changes",
  // Nothing is forbidden to root.
  ignore: root || Deno.build.os === "windows",
  async fn() {
    const store = await Deno.makeTempDir();
    const publisher = openLocalPublisher(store);
    await publishTexts(publisher, { clicks: "c1" });
    await Deno.chmod(`${store}/clicks`, 0o555);
    try {
      await assert.rejects(
        publishTexts(publisher, { clicks: "c2", visits: "v1" }),
        (error) =>
          error instanceof MlforgeError && /permission denied/.test(error.message) &&
          error.message.includes(`${store}/clicks`),
      );
      assert.deepEqual(versionsOf(await publisher.read()), { clicks: "1.0.0" });
    } finally {
      await Deno.chmod(`${store}/clicks`, 0o755);
      await Deno.remove(store, { recursive: true });
    }
  },
});
