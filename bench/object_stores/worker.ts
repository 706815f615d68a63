/// <reference lib="deno.worker" />
import { parseKey } from "../../src/stores/key.ts";
import { openStore } from "../../src/stores/open.ts";
import { save } from "../../src/publish/save.ts";
import type { Share } from "./transfer.ts";

self.onmessage = async ({ data: { way, store: config, files } }: MessageEvent<Share>) => {
  const store = await openStore(config);
  for (const { name, path, sha256 } of files) {
    const key = parseKey(name);
    if (way === "upload") {
      const { size } = await Deno.stat(path);
      const result = await store.put(key, { file: path, size, sha256 }, { create: true });
      if (result.kind !== "written") throw new Error(`${name}: ${result.kind}`);
    } else {
      const got = await store.get(key);
      if (got === undefined || await save(got.body, path) !== sha256) {
        throw new Error(`${name} came back other`);
      }
    }
  }
  self.postMessage("done");
};
