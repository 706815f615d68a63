import assert from "node:assert/strict";
import { openPublisher } from "../../src/publish/open.ts";

Deno.test("openPublisher() opens a local store without creating it", async () => {
  const folder = await Deno.makeTempDir();
  const publisher = await openPublisher({ kind: "local", path: `${folder}/store` });
  assert.equal((await publisher.read()).features.size, 0);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  await Deno.remove(folder);
});
