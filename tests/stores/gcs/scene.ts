import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { serverTest } from "../servers.ts";
import { type FakeGoogle, startGoogle } from "./google.ts";
import type { Outcome, Use } from "./use_store.ts";

export const TOKEN = "ya29.the-access-token-of-the-test";

/** Secrets that must not be seen in anything that is printed. */
export const CANARIES = {
  access: TOKEN,
  refresh: "1//0canary-refresh-token-abcdef",
  client: "GOCSPX-canary-client-secret",
};

const ENV = {
  GOOGLE_APPLICATION_CREDENTIALS: "",
  // The SDK is asked to log all it can: tokens, too.
  GOOGLE_SDK_NODE_LOGGING: "*",
  HTTP_PROXY: "",
  http_proxy: "",
  NO_COLOR: "1",
};

export interface Scene {
  google: FakeGoogle;
  /** Uses a store in another process: at the default endpoint, or another one. */
  use(env?: Record<string, string>, endpoint?: string): Promise<Outcome>;
  /** As `use`, and then in a worker of such a process: both come to the same. */
  useEverywhere(env?: Record<string, string>): Promise<Outcome>;
}

export function googleTest(name: string, body: (scene: Scene) => Promise<void>): void {
  serverTest("gcs", `GCS credentials: ${name}`, async (server) => {
    await using google = await startGoogle(server.endpoint);
    const bucket = await server.makeBucket();
    await body({
      google,
      use: (env, endpoint) => run({ bucket, ...(endpoint ? { endpoint } : {}) }, { ...google.env, ...env }),
      async useEverywhere(env) {
        const outcome = await run({ bucket }, { ...google.env, ...env });
        assert.deepEqual(await run({ bucket }, { ...google.env, ...env }, "--worker"), outcome);
        return outcome;
      },
    });
  });
}

async function run(use: Use, env: Record<string, string>, ...flags: string[]): Promise<Outcome> {
  const script = new URL("use_store.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, JSON.stringify(use), ...flags],
    env: { ...ENV, ...env },
  }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  for (const [kind, secret] of Object.entries(CANARIES)) {
    assert.ok(!printed.includes(secret), `a secret (${kind}) in: ${printed}`);
  }
  assert.equal(new TextDecoder().decode(stderr), "", "the SDK's notes do not reach a person");
  const { error, ...rest } = JSON.parse(new TextDecoder().decode(stdout));
  // Where it happened is another place in a worker.
  return { ...rest, ...(error === undefined ? {} : { error: { ...error, printed: "" } }) };
}

export const user = (more = {}) => ({
  type: "authorized_user",
  client_id: "id.apps.googleusercontent.com",
  client_secret: CANARIES.client,
  refresh_token: CANARIES.refresh,
  account: "ann@example.com",
  ...more,
});

export async function logIn({ google }: Scene, credentials: object | string): Promise<void> {
  const folder = google.env.CLOUDSDK_CONFIG ?? "";
  await Deno.mkdir(folder);
  const text = typeof credentials === "string" ? credentials : JSON.stringify(credentials);
  await Deno.writeTextFile(join(folder, "application_default_credentials.json"), text);
}

export function giveToken({ google }: Scene): void {
  google.tokens.add(TOKEN);
  google.answerToken = (form) => {
    assert.equal(form.get("refresh_token"), CANARIES.refresh);
    return Response.json({ access_token: TOKEN, expires_in: 3600, token_type: "Bearer" });
  };
}

/** A service account's file, and the key that tells what it signed. */
export function serviceAccount(): { credentials: Record<string, string>; publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return {
    publicKey,
    credentials: {
      type: "service_account",
      client_email: "builder@project.iam.gserviceaccount.com",
      private_key_id: "the-id-of-the-key",
      private_key: privateKey,
      // The SDK goes to Google, whatever stands here.
      token_uri: "https://elsewhere.example.com/token",
    },
  };
}

/** A metadata server as at Google, or one that answers as `own` says. */
export async function withMetadata(
  own: (path: string) => Response | undefined,
  run: (env: Record<string, string>) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    const headers = { "metadata-flavor": "Google" };
    if (request.headers.get("metadata-flavor") !== "Google") return new Response(null, { status: 403 });
    return own(pathname) ??
      Response.json({ access_token: TOKEN, expires_in: 3600, token_type: "Bearer" }, { headers });
  });
  await run({ GCE_METADATA_HOST: `127.0.0.1:${server.addr.port}` }).finally(() => server.shutdown());
}
