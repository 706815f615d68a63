import type { GcsStoreConfig, S3StoreConfig } from "../../src/stores/config.ts";
import { type FaultProxy, openFaultProxy, type ProxiedRequest } from "./fault_proxy.ts";
import { S3_KEYS, serverTest } from "./servers.ts";

/** A store in a new bucket of a real server, behind a fault proxy. */
export interface Wire {
  kind: "s3" | "gcs";
  proxy: FaultProxy;
  /** The store as clients under test reach it: through the proxy. */
  store: S3StoreConfig | GcsStoreConfig;
  /** The same store, without faults, delays and counting. */
  direct: S3StoreConfig | GcsStoreConfig;
  /** Credentials for another process. This one has them. */
  env: Record<string, string>;
}

/** The environment of the S3 server's root user. */
export const AWS_ENV = {
  AWS_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
  AWS_REGION: "us-east-1",
};

/** A test of what happens on the wire, on each kind of server. */
export function wireTest(name: string, body: (wire: Wire) => Promise<void>): void {
  for (const kind of ["s3", "gcs"] as const) {
    serverTest(kind, `${kind}: ${name}`, async (server) => {
      const env: Record<string, string> = kind === "s3" ? AWS_ENV : {};
      for (const [variable, value] of Object.entries(env)) Deno.env.set(variable, value);
      const proxy = openFaultProxy(server.endpoint, kind);
      const config = { kind, bucket: await server.makeBucket(), prefix: "team/features" };
      const store = { ...config, endpoint: proxy.endpoint };
      try {
        await body({ kind, proxy, store, direct: { ...config, endpoint: server.endpoint }, env });
      } finally {
        await proxy.close();
      }
    });
  }
}

/** What a request asks for, in the store's own words: `put a/_latest.json`, `head a/1.0.0/data.parquet`, `list`. */
export function asked({ store: { bucket, prefix } }: Wire, request: ProxiedRequest): string {
  const { pathname, searchParams } = new URL(request.path, "http://server");
  const method = request.method.toLowerCase();
  if (searchParams.has("prefix")) return "list";
  // The JSON API has names of objects after `/o/`, and of new ones in the body; all else has them after the bucket's.
  const [, api, name] = /^\/(?:(storage\/v1\/b\/)[^/]+\/o|[^/]+)\/(.*)$/.exec(pathname) ?? [];
  const what = method === "post" ? /"name": ?"([^"]*)"/.exec(request.bodyStart)?.[1] ?? "" : name ?? "";
  const verb = method === "post" ? "put" : method === "get" && api !== undefined ? "head" : method;
  return `${verb} ${decodeURIComponent(what).replace(`${prefix}/`, "").replace(`${bucket}/`, "")}`;
}
