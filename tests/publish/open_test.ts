import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { openPublisher } from "../../src/publish/open.ts";

Deno.test("openPublisher() opens a local store without creating it", async () => {
  const folder = await Deno.makeTempDir();
  const publisher = await openPublisher({ kind: "local", path: `${folder}/store` });
  assert.equal((await publisher.read()).features.size, 0);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(folder)), []);
  await Deno.remove(folder);
});

Deno.test("openPublisher() says which kinds of store can't be opened yet", async () => {
  for (const kind of ["s3", "gcs"] as const) {
    await assert.rejects(
      openPublisher({ kind, bucket: "features", prefix: "" }),
      (error) =>
        error instanceof MlforgeError && error.code === "usage" && /features yet$/.test(error.message),
    );
  }
});
