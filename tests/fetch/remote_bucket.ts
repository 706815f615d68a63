import type { BucketConfig } from "../../src/fetch/object.ts";
import { addressOf } from "../../src/fetch/object.ts";
import { S3_KEYS, serverTest } from "../stores/servers.ts";

/** A bucket on a real server, filled by other means than mlforge's. */
export interface RemoteBucket {
  config: BucketConfig & { endpoint: string };
  /** Puts or replaces an object. */
  put(name: string, body: string | Uint8Array<ArrayBuffer>): Promise<void>;
  remove(name: string): Promise<void>;
  address(name: string): string;
}

Deno.env.set("AWS_ACCESS_KEY_ID", S3_KEYS.accessKeyId);
Deno.env.set("AWS_SECRET_ACCESS_KEY", S3_KEYS.secretAccessKey);
Deno.env.set("AWS_REGION", "us-east-1");

/** One test on each server, or on some kinds of them. */
export function bucketTest(
  name: string,
  body: (bucket: RemoteBucket) => Promise<void>,
  kinds: readonly BucketConfig["kind"][] = ["s3", "gcs"],
): void {
  for (const kind of kinds) {
    serverTest(kind, `${name} (${kind})`, async ({ endpoint, makeBucket }) => {
      const config = { kind, bucket: await makeBucket(), prefix: "", endpoint };
      const filling = kind === "s3" ? await fillS3(config) : fillGcs(config);
      await body({ config, address: (name) => addressOf(config, name), ...filling });
    });
  }
}

type Filling = Pick<RemoteBucket, "put" | "remove">;

async function fillS3({ bucket: Bucket, endpoint }: { bucket: string; endpoint: string }): Promise<Filling> {
  const { S3Client, PutObjectCommand, DeleteObjectCommand } = await import("@aws-sdk/client-s3");
  const client = () =>
    new S3Client({ endpoint, forcePathStyle: true, region: "us-east-1", credentials: S3_KEYS });
  return {
    async put(Key, body) {
      const own = client();
      const Body = typeof body === "string" ? new TextEncoder().encode(body) : body;
      await own.send(new PutObjectCommand({ Bucket, Key, Body }));
      own.destroy();
    },
    async remove(Key) {
      const own = client();
      await own.send(new DeleteObjectCommand({ Bucket, Key }));
      own.destroy();
    },
  };
}

function fillGcs({ bucket, endpoint }: { bucket: string; endpoint: string }): Filling {
  const send = async (path: string, init: RequestInit) => {
    const answer = await fetch(`${endpoint}${path}`, init);
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  };
  return {
    put: (name, body) =>
      send(`/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(name)}`, {
        method: "POST",
        body,
      }),
    remove: (name) => send(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`, { method: "DELETE" }),
  };
}
