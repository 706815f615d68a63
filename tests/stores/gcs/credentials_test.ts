import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createVerify, generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { serverTest } from "../servers.ts";
import { type FakeGoogle, startGoogle } from "./google.ts";
import type { Outcome, Use } from "./use_store.ts";

const TOKEN = "ya29.the-access-token-of-the-test";

/** Secrets that must not be seen in anything that is printed. */
const CANARIES = {
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

interface Scene {
  google: FakeGoogle;
  /** Uses a store in another process: at the default endpoint, or another one. */
  use(env?: Record<string, string>, endpoint?: string): Promise<Outcome>;
  /** As `use`, and then in a worker of such a process: both come to the same. */
  useEverywhere(env?: Record<string, string>): Promise<Outcome>;
}

function googleTest(name: string, body: (scene: Scene) => Promise<void>): void {
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

const user = (more = {}) => ({
  type: "authorized_user",
  client_id: "id.apps.googleusercontent.com",
  client_secret: CANARIES.client,
  refresh_token: CANARIES.refresh,
  account: "ann@example.com",
  ...more,
});

async function logIn({ google }: Scene, credentials: object | string): Promise<void> {
  const folder = google.env.CLOUDSDK_CONFIG ?? "";
  await Deno.mkdir(folder);
  const text = typeof credentials === "string" ? credentials : JSON.stringify(credentials);
  await Deno.writeTextFile(join(folder, "application_default_credentials.json"), text);
}

function giveToken({ google }: Scene): void {
  google.tokens.add(TOKEN);
  google.answerToken = (form) => {
    assert.equal(form.get("refresh_token"), CANARIES.refresh);
    return Response.json({ access_token: TOKEN, expires_in: 3600, token_type: "Bearer" });
  };
}

/** A service account's file, and the key that tells what it signed. */
function serviceAccount(): { credentials: Record<string, string>; publicKey: string } {
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

/** What an assertion says, if its signature is right. */
function claimsOf(assertion: string, publicKey: string): Record<string, unknown> {
  const [header, claims = "", signature = ""] = assertion.split(".");
  const verifier = createVerify("RSA-SHA256").update(`${header}.${claims}`);
  assert.ok(verifier.verify(publicKey, Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(claims, "base64url").toString());
}

/** A metadata server as at Google, or one that answers as `own` says. */
async function withMetadata(
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

googleTest("a user's, as gcloud leaves them", async (scene) => {
  await logIn(scene, user());
  giveToken(scene);
  assert.deepEqual(await scene.useEverywhere(), {
    text: "text",
    identity: "gcloud's credentials of ann@example.com",
  });
});

googleTest("a service account's file", async (scene) => {
  const { credentials, publicKey } = serviceAccount();
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, JSON.stringify(credentials));
  scene.google.tokens.add(TOKEN);
  scene.google.answerToken = (form) => {
    const { iss, aud, scope } = claimsOf(form.get("assertion") ?? "", publicKey);
    assert.deepEqual([iss, aud], [credentials.client_email, "https://oauth2.googleapis.com/token"]);
    assert.equal(scope, "https://www.googleapis.com/auth/devstorage.read_write");
    return Response.json({ access_token: TOKEN, expires_in: 3600, token_type: "Bearer" });
  };
  // Before a user's own.
  await logIn(scene, user());
  assert.deepEqual(await scene.useEverywhere({ GOOGLE_APPLICATION_CREDENTIALS: path }), {
    text: "text",
    identity: `builder@project.iam.gserviceaccount.com from GOOGLE_APPLICATION_CREDENTIALS ("${path}")`,
  });
  await Deno.remove(path);
});

googleTest("the metadata server's, as with workload identity", async (scene) => {
  scene.google.tokens.add(TOKEN);
  const asked: string[] = [];
  const answer = (path: string) => {
    asked.push(path);
    return path.endsWith("/email") ? new Response("robot@example.com") : undefined;
  };
  await withMetadata(answer, async (env) => {
    assert.deepEqual(await scene.useEverywhere(env), {
      text: "text",
      identity: "the metadata server, robot@example.com",
    });
  });
  // One question for each store that is opened (another one for the identity): no project is looked for.
  const once = ["token", "token", "email"].map((what) =>
    `/computeMetadata/v1/instance/service-accounts/default/${what}`
  );
  assert.deepEqual(asked, [...once, ...once]);
});

googleTest("a user's whose file does not say whose: Google does", async (scene) => {
  await logIn(scene, user({ account: "" }));
  giveToken(scene);
  const { answerToken } = scene.google;
  scene.google.answerToken = (form) =>
    form.has("grant_type") ? answerToken(form) : Response.json({ email: "ann@example.com" });
  assert.equal((await scene.use()).identity, "gcloud's credentials of authorized user, ann@example.com");
});

googleTest("none: never anonymous, and each link of the chain is named", async (scene) => {
  const { error } = await scene.useEverywhere();
  assert.match(
    error?.message ?? "",
    /^No credentials for Google Cloud: GOOGLE_APPLICATION_CREDENTIALS is not set, there is no ".*gcloud.application_default_credentials.json", and no metadata server answers$/,
  );
  assert.match(error?.hint ?? "", /gcloud auth application-default login/);
  assert.deepEqual(scene.google.asked, []);
});

googleTest("another cloud's metadata server has none for Google", async (scene) => {
  await withMetadata(() => new Response("no", { status: 401 }), async (env) => {
    assert.match((await scene.use(env)).error?.message ?? "", /^No credentials for Google Cloud: /);
  });
});

googleTest("a machine without a service account is told as such", async (scene) => {
  const headers = { "metadata-flavor": "Google" };
  await withMetadata(() => new Response("no", { status: 404, headers }), async (env) => {
    assert.equal(
      (await scene.use(env)).error?.message,
      "Can't sign in to Google Cloud with the metadata server: no service account is attached to this machine",
    );
  });
});

const REFUSED: [what: string, answer: object, why: string, hint: RegExp][] = [
  [
    "expired or revoked",
    { error: "invalid_grant", error_description: "Token has been expired or revoked." },
    "the sign-in has expired or was revoked",
    /gcloud auth application-default login/,
  ],
  [
    "to be renewed by the organisation's rules",
    {
      error: "invalid_grant",
      error_description: "reauth related error (invalid_rapt)",
      error_subtype: "invalid_rapt",
    },
    "your organisation asks you to sign in again",
    /gcloud auth application-default login/,
  ],
  [
    "of a deleted client",
    { error: "deleted_client", error_description: `The client ${CANARIES.client} was deleted.` },
    "it was refused (status 400, deleted_client)",
    /Sign in again/,
  ],
];
for (const [what, answer, why, hint] of REFUSED) {
  googleTest(`a user's sign-in that is ${what}`, async (scene) => {
    await logIn(scene, user());
    scene.google.answerToken = () => Response.json(answer, { status: 400 });
    const { error } = await scene.use();
    assert.equal(
      error?.message,
      `Can't sign in to Google Cloud with gcloud's credentials of ann@example.com: ${why}`,
    );
    assert.match(error?.hint ?? "", hint);
  });
}

googleTest("a service account's key that Google does not know", async (scene) => {
  const { credentials } = serviceAccount();
  await logIn(scene, credentials);
  scene.google.answerToken = () =>
    Response.json({ error: "invalid_grant", error_description: "Invalid JWT Signature." }, { status: 400 });
  assert.equal(
    (await scene.use()).error?.message,
    "Can't sign in to Google Cloud with gcloud's credentials of builder@project.iam.gserviceaccount.com: " +
      "its key is not known to Google (any more)",
  );
});

googleTest("a service account's key that is none", async (scene) => {
  const { credentials } = serviceAccount();
  await logIn(scene, { ...credentials, private_key: `-----BEGIN PRIVATE KEY-----\n${CANARIES.client}\n` });
  assert.match((await scene.use()).error?.message ?? "", /: they can't be used$/);
});

for (
  const [what, text] of [["no JSON", `{"refresh_token": "${CANARIES.refresh}`], ["JSON of no type", "{}"]]
) {
  googleTest(`a file that holds ${what}`, async (scene) => {
    await logIn(scene, text ?? "");
    assert.match((await scene.use()).error?.message ?? "", /default_credentials.json" holds no credentials/);
  });
}

googleTest("a file that is named and not there", async (scene) => {
  const { error } = await scene.use({ GOOGLE_APPLICATION_CREDENTIALS: "/no/such/file.json" });
  assert.equal(
    error?.message,
    'GOOGLE_APPLICATION_CREDENTIALS names "/no/such/file.json", which is not there',
  );
});

googleTest("a token that storage refuses", async (scene) => {
  await logIn(scene, user());
  giveToken(scene);
  scene.google.tokens.clear();
  assert.match(
    (await scene.use()).error?.message ?? "",
    /^Can.t write gs:.*object: storage.googleapis.com does not take gcloud's credentials of ann@example.com$/,
  );
});

googleTest("signing in is tried again where Google is busy", async (scene) => {
  await logIn(scene, user());
  giveToken(scene);
  const { answerToken } = scene.google;
  let times = 0;
  scene.google.answerToken = (form) =>
    times++ % 2 === 0 ? new Response(null, { status: 503 }) : answerToken(form);
  assert.equal((await scene.use()).text, "text");
  assert.equal(times, 4);
});

googleTest("a redirect takes no token along", async (scene) => {
  await logIn(scene, user());
  giveToken(scene);
  scene.google.answerStorage = () =>
    new Response(null, { status: 302, headers: { location: "https://oauth2.googleapis.com/elsewhere" } });
  assert.match(
    (await scene.use()).error?.message ?? "",
    /: storage.googleapis.com sends elsewhere \(status 302\)$/,
  );
  assert.deepEqual(scene.google.asked.filter((host) => host.startsWith("oauth2")).length, 1);
});

googleTest("an authority that is not trusted", async (scene) => {
  await logIn(scene, user());
  assert.match(
    // The server's own certificate is no authority.
    (await scene.use({ DENO_CERT: scene.google.env.DENO_CERT?.replace("ca.pem", "cert.pem") ?? "" })).error
      ?.message ?? "",
    /ann@example.com: oauth2.googleapis.com can't be reached safely: /,
  );
});

googleTest("an identity that may not write: 403 says who lacks what", async (scene) => {
  await logIn(scene, user());
  giveToken(scene);
  const said = `ann@example.com does not have access. Authorization: Bearer ${TOKEN}`;
  scene.google.answerStorage = () => Response.json({ error: { code: 403, message: said } }, { status: 403 });
  const { error } = await scene.use();
  assert.match(error?.message ?? "", /^Can't write gs:.*: access is denied$/);
  assert.match(
    error?.hint ?? "",
    /^storage.objects.create on bucket "test-.*" is not allowed to gcloud's credentials of ann@example.com; /,
  );
});

googleTest("a host that is not known", async (scene) => {
  await logIn(scene, user());
  giveToken(scene);
  const { error } = await scene.use({}, "http://no-such-host.invalid");
  assert.match(error?.message ?? "", /: no-such-host.invalid is not known: there is no such host$/);
});
