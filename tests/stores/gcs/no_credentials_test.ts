import assert from "node:assert/strict";
import {
  CANARIES,
  giveToken,
  googleTest,
  logIn,
  serviceAccount,
  TOKEN,
  user,
  withMetadata,
} from "./scene.ts";

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

googleTest("a metadata server that hangs is none", async (scene) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const env = { GCE_METADATA_HOST: `127.0.0.1:${listener.addr.port}` };
  assert.match((await scene.use(env)).error?.message ?? "", /^No credentials for Google Cloud: /);
});

googleTest("a sign-in that hangs is given up", async (scene) => {
  await logIn(scene, user());
  scene.google.answerToken = () => new Promise(() => {});
  assert.match((await scene.use()).error?.message ?? "", /ann@example.com: Google does not answer$/);
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
    times++ % 2 === 0 ? new Response(null, { status: 503 }) : answerToken(form, "");
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
