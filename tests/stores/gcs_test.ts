import { openGcsStore } from "../../src/stores/gcs.ts";
import { testServerStore } from "./conformance.ts";
import { testStoreOnBadWire } from "./fault_conformance.ts";

for (const prefix of ["", "a/prefix"]) {
  testServerStore("gcs", prefix === "" ? "GCS store" : "GCS store under a prefix", async (server) => {
    const bucket = await server.makeBucket();
    return {
      open: () => openGcsStore({ kind: "gcs", bucket, prefix, endpoint: server.endpoint }),
      dispose: () => Promise.resolve(),
    };
  });
}

testStoreOnBadWire(
  "gcs",
  "GCS store",
  (endpoint, bucket) => openGcsStore({ kind: "gcs", bucket, prefix: "", endpoint }),
);
