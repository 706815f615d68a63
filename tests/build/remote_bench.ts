import { join } from "node:path";
import assert from "node:assert/strict";
import { build } from "../../src/build/build.ts";
import type { BuildReport, BuildRequest } from "../../src/build/report.ts";
import { loadProject } from "../../src/definitions/load.ts";
import type { BucketConfig } from "../../src/fetch/object.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { bucketTest, type RemoteBucket } from "../fetch/remote_bucket.ts";
import { type FaultProxy, openFaultProxy, type ProxiedRequest } from "../stores/fault_proxy.ts";

/** A project on a store in a bucket, which its sources are in as well, behind a proxy that sees all requests. */
export interface Bench {
  bucket: RemoteBucket;
  proxy: FaultProxy;
  store: BucketConfig;
  folder: string;
  /** Writes definitions; `$B` stands for the bucket's address. */
  request(definitions: string): Promise<BuildRequest>;
  build(definitions: string, options?: Partial<BuildRequest>): Promise<BuildReport>;
  /** Path of a feature's published data. */
  data(feature: string): Promise<string>;
  /** Bytes that were read of sources since this was called last, and with how many requests of which kind. */
  read(): { bytes: number; gets: number; heads: number; lists: number };
  /** As from the same cache's other user, with nothing in it. */
  emptyCache(): Promise<void>;
}

export function sourceTest(
  name: string,
  body: (bench: Bench) => Promise<void>,
  kinds?: readonly BucketConfig["kind"][],
): void {
  bucketTest(name, async (bucket) => {
    const folder = await Deno.makeTempDir({ prefix: "mlforge-test-" });
    const proxy = openFaultProxy(bucket.config.endpoint, bucket.config.kind);
    const store = { ...bucket.config, prefix: "store", endpoint: proxy.endpoint };
    const before = Deno.env.get("MLFORGE_CACHE_DIR");
    Deno.env.set("MLFORGE_CACHE_DIR", join(folder, "cache"));
    const bench: Bench = {
      bucket,
      proxy,
      store,
      folder,
      async request(definitions) {
        const file = join(folder, "definitions.yaml");
        await Deno.writeTextFile(file, definitions.replaceAll("$B/", bucket.address("")));
        const project = await loadProject(file, { env: (name) => Deno.env.get(name) });
        return { project, store, command: "mlforge build" };
      },
      build: async (definitions, options = {}) => build({ ...await bench.request(definitions), ...options }),
      async data(feature) {
        const publisher = await openPublisher(store);
        const version = (await publisher.read()).features.get(feature)?.version ?? "";
        return await publisher.dataPath(feature, version) ?? assert.fail(`no data of ${feature} ${version}`);
      },
      read() {
        const seen = proxy.requests.filter((request) => !isOfStore(request));
        proxy.requests.length = 0;
        const gets = seen.filter(isGet);
        return {
          bytes: gets.reduce((sum, { answerBytes }) => sum + answerBytes, 0),
          gets: gets.length,
          lists: seen.filter(isList).length,
          heads: seen.filter((request) => !isGet(request) && !isList(request)).length,
        };
      },
      emptyCache: () => Deno.remove(join(folder, "cache"), { recursive: true }),
    };
    try {
      await body(bench);
    } finally {
      if (before === undefined) Deno.env.delete("MLFORGE_CACHE_DIR");
      else Deno.env.set("MLFORGE_CACHE_DIR", before);
      await proxy.close();
      await Deno.remove(folder, { recursive: true });
    }
  }, kinds);
}

/** A build looks at its store while it looks at its sources. */
function isOfStore({ path }: ProxiedRequest): boolean {
  return decodeURIComponent(path).includes("store/");
}

function isList({ method, path }: ProxiedRequest): boolean {
  return method === "GET" && /[?&](list-type=2|prefix=)/.test(path);
}

/** Of a source's bytes, or a part of them. */
export function isGet(request: ProxiedRequest): boolean {
  return request.method === "GET" && !isList(request) && !isOfStore(request) &&
    (/[?&]alt=media/.test(request.path) || !request.path.includes("/o/")) && !/\/o\?/.test(request.path);
}
