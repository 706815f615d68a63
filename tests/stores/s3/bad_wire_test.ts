import { openS3Store } from "../../../src/stores/s3.ts";
import { testStoreOnBadWire } from "../fault_conformance.ts";
import { S3_KEYS } from "../servers.ts";

Deno.env.set("AWS_ACCESS_KEY_ID", S3_KEYS.accessKeyId);
Deno.env.set("AWS_SECRET_ACCESS_KEY", S3_KEYS.secretAccessKey);
Deno.env.set("AWS_REGION", "us-east-1");

testStoreOnBadWire(
  "s3",
  "S3 store",
  (endpoint, bucket) => openS3Store({ kind: "s3", bucket, prefix: "", endpoint }),
);
