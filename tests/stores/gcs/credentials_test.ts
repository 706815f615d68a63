import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createVerify } from "node:crypto";
import { join } from "node:path";
import {
  CANARIES,
  giveToken,
  googleTest,
  logIn,
  type Scene,
  serviceAccount,
  TOKEN,
  user,
  withMetadata,
} from "./scene.ts";

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

/** What an assertion says, if its signature is right. */
function claimsOf(assertion: string, publicKey: string): Record<string, unknown> {
  const [header, claims = "", signature = ""] = assertion.split(".");
  const verifier = createVerify("RSA-SHA256").update(`${header}.${claims}`);
  assert.ok(verifier.verify(publicKey, Buffer.from(signature, "base64url")));
  return JSON.parse(Buffer.from(claims, "base64url").toString());
}

const ACCOUNT = "builder@project.iam.gserviceaccount.com";
const IMPERSONATION =
  `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${ACCOUNT}:generateAccessToken`;

/** Gives a first token for what `mine` accepts, and for that one the token of a service account. */
function giveImpersonated({ google }: Scene, mine: (form: URLSearchParams) => void): void {
  google.tokens.add(TOKEN);
  google.answerToken = (form, host) => {
    if (host.startsWith("iamcredentials")) {
      return Response.json({
        accessToken: TOKEN,
        expireTime: new Date(Date.now() + 3_600_000).toISOString(),
      });
    }
    mine(form);
    return Response.json({
      access_token: "the-first-token",
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      expires_in: 3600,
      token_type: "Bearer",
    });
  };
}

googleTest("workload identity federation's, as in GitHub Actions", async (scene) => {
  const folder = await Deno.makeTempDir();
  const [path, token] = [join(folder, "config.json"), join(folder, "token")];
  await Deno.writeTextFile(token, "the-token-of-github");
  await Deno.writeTextFile(
    path,
    JSON.stringify({
      type: "external_account",
      audience:
        "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/github",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: "https://sts.googleapis.com/v1/token",
      service_account_impersonation_url: IMPERSONATION,
      credential_source: { file: token },
    }),
  );
  giveImpersonated(scene, (form) => assert.equal(form.get("subject_token"), "the-token-of-github"));
  assert.equal((await scene.useEverywhere({ GOOGLE_APPLICATION_CREDENTIALS: path })).text, "text");
  await Deno.remove(folder, { recursive: true });
});

googleTest("a user's, as a service account", async (scene) => {
  const { account: _, ...source } = user();
  await logIn(scene, {
    type: "impersonated_service_account",
    service_account_impersonation_url: IMPERSONATION,
    delegates: [],
    source_credentials: source,
  });
  giveImpersonated(scene, (form) => assert.equal(form.get("refresh_token"), CANARIES.refresh));
  const { text, identity } = await scene.useEverywhere();
  assert.deepEqual([text, identity], ["text", `gcloud's credentials of ${ACCOUNT}`]);
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
    form.has("grant_type") ? answerToken(form, "") : Response.json({ email: "ann@example.com" });
  assert.equal((await scene.use()).identity, "gcloud's credentials of authorized user, ann@example.com");
});
