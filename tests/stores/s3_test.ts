import { openS3Store } from "../../src/stores/s3.ts";
import { testServerStore } from "./conformance.ts";
import { S3_KEYS } from "./servers.ts";

Deno.env.set("AWS_ACCESS_KEY_ID", S3_KEYS.accessKeyId);
Deno.env.set("AWS_SECRET_ACCESS_KEY", S3_KEYS.secretAccessKey);
Deno.env.set("AWS_REGION", "us-east-1");

for (const prefix of ["", "a/prefix"]) {
  testServerStore("s3", prefix === "" ? "S3 store" : "S3 store under a prefix", async (server) => {
    const bucket = await server.makeBucket();
    return {
      open: () => openS3Store({ kind: "s3", bucket, prefix, endpoint: server.endpoint }),
      dispose: () => Promise.resolve(),
    };
  });
}
