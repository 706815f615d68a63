import assert from "node:assert/strict";
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { openS3Store } from "../../../src/stores/s3.ts";
import { S3_KEYS, serverTest } from "../servers.ts";

Deno.env.set("AWS_ACCESS_KEY_ID", S3_KEYS.accessKeyId);
Deno.env.set("AWS_SECRET_ACCESS_KEY", S3_KEYS.secretAccessKey);

serverTest(
  "s3",
  "S3: uploads that never ended are given up by their age, below the store's prefix alone",
  async (server) => {
    const bucket = await server.makeBucket();
    const { endpoint } = server;
    const client = new S3Client({
      endpoint,
      forcePathStyle: true,
      region: "us-east-1",
      credentials: S3_KEYS,
    });
    try {
      for (const name of ["ours/a/1.0.0/data.parquet", "theirs/a/1.0.0/data.parquet"]) {
        await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: name }));
      }
      const store = await openS3Store({ kind: "s3", bucket, prefix: "ours", endpoint });
      const hour = 3_600_000;
      assert.equal(await store.abortUploads?.(new Date(Date.now() - hour)), 0);
      assert.equal(await store.abortUploads?.(new Date(Date.now() + hour)), 1);
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      assert.deepEqual(Uploads.map(({ Key }) => Key), ["theirs/a/1.0.0/data.parquet"]);
    } finally {
      client.destroy();
    }
  },
);
