import { openGcsStore } from "../../../src/stores/gcs.ts";
import type { Store } from "../../../src/stores/store.ts";
import { type FaultProxy, openFaultProxy } from "../fault_proxy.ts";
import { serverTest } from "../servers.ts";

/** A store in a bucket of its own, with the fault proxy between it and the server. */
export interface BehindProxy {
  store: Store;
  /** The same, past the proxy: what the server really has. */
  direct: Store;
  proxy: FaultProxy;
}

export function proxiedTest(name: string, body: (behind: BehindProxy) => Promise<void>): void {
  serverTest("gcs", name, async (server) => {
    const bucket = await server.makeBucket();
    const proxy = openFaultProxy(server.endpoint, "gcs");
    const open = (endpoint: string) => openGcsStore({ kind: "gcs", bucket, prefix: "p", endpoint });
    try {
      await body({ store: await open(proxy.endpoint), direct: await open(server.endpoint), proxy });
    } finally {
      await proxy.close();
    }
  });
}
