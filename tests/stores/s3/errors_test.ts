import assert from "node:assert/strict";
import { MlforgeError } from "../../../src/error.ts";
import type { S3StoreConfig } from "../../../src/stores/config.ts";
import { parseKey } from "../../../src/stores/key.ts";
import { openS3Store } from "../../../src/stores/s3.ts";
import { bodyOf, CREATE, keysOf } from "../bodies.ts";
import { openFaultProxy } from "../fault_proxy.ts";
import { S3_KEYS, serverTest } from "../servers.ts";

const KEY = parseKey("a");
const CANARY = "canary0SECRET0wJalrXUtnFEMI0K7MDENG0bPx";

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** What reading, listing and writing say; the same each, and nothing of it shows a secret. */
async function refusals(config: Partial<S3StoreConfig>, keys: Keys = S3_KEYS): Promise<MlforgeError[]> {
  const env = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...(keys.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: keys.sessionToken }),
  };
  for (const [name, value] of Object.entries(env)) Deno.env.set(name, value);
  try {
    const store = await openS3Store({
      kind: "s3",
      bucket: "a-bucket",
      prefix: "",
      region: "us-east-1",
      ...config,
    });
    const acts = [
      () => store.head(KEY),
      () => store.get(KEY),
      () => keysOf(store, ""),
      () => store.put(KEY, bodyOf("text"), CREATE),
    ];
    const errors: MlforgeError[] = [];
    for (const act of acts) {
      await assert.rejects(act, (error) => {
        assert.ok(error instanceof MlforgeError);
        assert.doesNotMatch(
          Deno.inspect(error, { depth: 20, showHidden: true }),
          /canary|mlforge-test-secret/,
        );
        errors.push(error);
        return true;
      });
    }
    return errors;
  } finally {
    for (const name of Object.keys(env)) Deno.env.delete(name);
  }
}

function allSay(errors: readonly MlforgeError[], why: RegExp): void {
  for (const { message } of errors) {
    assert.match(message, /^Can't (read|list|write) s3:\/\/[^:]+: /);
    assert.match(message, why);
  }
}

serverTest("s3", "S3 errors: a key that the server does not know", async ({ endpoint, makeBucket }) => {
  const bucket = await makeBucket();
  const errors = await refusals({ bucket, endpoint }, { accessKeyId: "unknown", secretAccessKey: CANARY });
  allSay(errors, /does not know the credentials of the environment \(AWS_ACCESS_KEY_ID\)$/);
});

serverTest("s3", "S3 errors: a wrong secret key", async ({ endpoint, makeBucket }) => {
  const bucket = await makeBucket();
  const errors = await refusals({ bucket, endpoint }, { ...S3_KEYS, secretAccessKey: CANARY });
  allSay(errors, /the secret key of the environment \(AWS_ACCESS_KEY_ID\) is wrong$/);
});

serverTest("s3", "S3 errors: credentials that have expired", async ({ endpoint, makeBucket }) => {
  const bucket = await makeBucket();
  const proxy = openFaultProxy(endpoint, "s3");
  const body = `<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message><Token-0>${CANARY}` +
    "</Token-0></Error>";
  proxy.fault({ kind: "answer", status: 400, body, applied: false }, { times: Infinity });
  try {
    const keys = { ...S3_KEYS, sessionToken: CANARY };
    allSay(
      await refusals({ bucket, endpoint: proxy.endpoint }, keys),
      /the credentials of the environment .* have expired$/,
    );
  } finally {
    await proxy.close();
  }
});

serverTest("s3", "S3 errors: a bucket that is not there", async ({ endpoint }) => {
  allSay(await refusals({ bucket: "no-such-bucket", endpoint }), /there is no bucket "no-such-bucket"$/);
});

serverTest("s3", "S3 errors: another region is named, and what to do", async ({ endpoint, makeBucket }) => {
  const errors = await refusals({ bucket: await makeBucket(), endpoint, region: "eu-west-1" });
  allSay(errors, /the bucket is in region us-east-1, not in eu-west-1$/);
  for (const { hint } of errors) assert.match(hint ?? "", /"region: us-east-1"/);
});

serverTest("s3", "S3 errors: a redirect is not followed", async ({ endpoint, makeBucket }) => {
  const bucket = await makeBucket();
  const proxy = openFaultProxy(endpoint, "s3");
  const headers = { Location: `${endpoint}/elsewhere`, "x-amz-bucket-region": "eu-north-1" };
  proxy.fault({ kind: "answer", status: 301, headers, body: "", applied: false }, { times: Infinity });
  try {
    const errors = await refusals({ bucket, endpoint: proxy.endpoint });
    allSay(errors, /the bucket is in region eu-north-1, not in us-east-1$/);
  } finally {
    await proxy.close();
  }
});

Deno.test("S3 errors: nobody listens there", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const errors = await refusals({ endpoint: `http://127.0.0.1:${port}` });
  allSay(errors, new RegExp(`no connection to 127.0.0.1:${port}$`));
});

Deno.test("S3 errors: a host that nobody knows", async () => {
  allSay(
    await refusals({ endpoint: "https://no-such-host.invalid" }),
    /no host "no-such-host.invalid" is known$/,
  );
});

Deno.test("S3 errors: a server that does not speak TLS", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response());
  try {
    const errors = await refusals({ endpoint: `https://127.0.0.1:${server.addr.port}` });
    allSay(errors, /no safe connection to 127\.0\.0\.1/);
  } finally {
    await server.shutdown();
  }
});

Deno.test("S3 errors: plain http and addresses of metadata services are refused, whoever named them", async () => {
  for (
    const [endpoint, why] of [
      ["http://example.invalid", /it would go by plain http to "example.invalid"/],
      ["http://169.254.169.254", /is an address of metadata services/],
    ] as const
  ) {
    Deno.env.set("AWS_ENDPOINT_URL_S3", endpoint);
    try {
      for (const { message } of await refusals({})) assert.match(message, why);
    } finally {
      Deno.env.delete("AWS_ENDPOINT_URL_S3");
    }
  }
});

Deno.test("S3 errors: a server that hangs is given up", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken: Deno.Conn[] = [];
  const taking = (async () => {
    for await (const conn of listener) taken.push(conn);
  })();
  Deno.env.set("AWS_ACCESS_KEY_ID", S3_KEYS.accessKeyId);
  Deno.env.set("AWS_SECRET_ACCESS_KEY", S3_KEYS.secretAccessKey);
  try {
    const endpoint = `http://127.0.0.1:${listener.addr.port}`;
    const store = await openS3Store({
      kind: "s3",
      bucket: "a-bucket",
      prefix: "",
      region: "us-east-1",
      endpoint,
    });
    await assert.rejects(store.get(KEY), (error) => {
      return error instanceof MlforgeError && /does not answer$/.test(error.message);
    });
  } finally {
    Deno.env.delete("AWS_ACCESS_KEY_ID");
    Deno.env.delete("AWS_SECRET_ACCESS_KEY");
    listener.close();
    await taking.catch(() => {});
    for (const conn of taken) conn.close();
  }
});
