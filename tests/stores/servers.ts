/** A server that `deno task test` has started (scripts/servers.ts). */
export interface TestServer {
  endpoint: string;
  /** Makes a bucket that no other test uses, and gives its name. */
  makeBucket(): Promise<string>;
}

/** The root user of the S3 server. */
export const S3_KEYS = { accessKeyId: "mlforge-test", secretAccessKey: "mlforge-test-secret" };

const VARIABLES = { s3: "MLFORGE_TEST_S3", gcs: "MLFORGE_TEST_GCS" } as const;

/**
 * A test that needs a server: ignored where that is missing, and failing where MLFORGE_TEST_SERVERS is "required", so that
 * no test is left out in silence.
 */
export function serverTest(
  kind: keyof typeof VARIABLES,
  name: string,
  body: (server: TestServer) => Promise<void>,
): void {
  const endpoint = Deno.env.get(VARIABLES[kind]);
  const required = Deno.env.get("MLFORGE_TEST_SERVERS") === "required";
  Deno.test({
    name,
    ignore: endpoint === undefined && !required,
    async fn() {
      if (endpoint === undefined) throw new Error(`There is no ${kind} server: run it by deno task test`);
      await body({ endpoint, makeBucket: () => MAKE_BUCKET[kind](endpoint) });
    },
  });
}

const newName = () => `test-${crypto.randomUUID()}`;

export const MAKE_BUCKET = {
  async s3(endpoint: string): Promise<string> {
    const { S3Client, CreateBucketCommand } = await import("@aws-sdk/client-s3");
    const client = new S3Client({
      endpoint,
      forcePathStyle: true,
      region: "us-east-1",
      credentials: S3_KEYS,
    });
    const name = newName();
    await client.send(new CreateBucketCommand({ Bucket: name }));
    client.destroy();
    return name;
  },
  async gcs(endpoint: string): Promise<string> {
    const name = newName();
    const made = await fetch(`${endpoint}/storage/v1/b?project=test`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name }),
    });
    if (!made.ok) throw new Error(`Could not make a bucket: ${await made.text()}`);
    await made.body?.cancel();
    return name;
  },
};
