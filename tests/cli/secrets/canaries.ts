import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { type CliResult, runCli } from "../run_cli.ts";

/** In each planted secret, and nowhere else (DuckDB has canaries of its own): who says it has given one away. */
const CANARY = /kanarie/i;

/** A JSON web token, as CI gives them out; its parts are base64, so its canary is the text itself. */
export const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjaSJ9.kanarieWebIdentityToken0123456789";

/** A new id of an access key. Its last four characters may be said: enough to know it by. */
export function newKeyId(): string {
  return `AKIAKANARIE${crypto.randomUUID().replaceAll("-", "").slice(0, 6).toUpperCase()}7Q2Z`;
}

/** Files with secrets, in a folder of their own; gives the environment in which the SDKs would find all of them. */
export async function plant(folder: string): Promise<Record<string, string>> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const files = {
    ".aws/credentials":
      `[default]\naws_access_key_id = ${newKeyId()}\naws_secret_access_key = kanarieFileSecret0123456789\n` +
      "aws_session_token = kanarieFileSessionToken0123456789\n",
    ".aws/config": "[profile process]\ncredential_process = false kanarieProcessArgument0123456789\n",
    "web_identity_token": TOKEN,
    "service_account.json": JSON.stringify({
      type: "service_account",
      project_id: "shop",
      private_key_id: "kanariePrivateKeyId0123456789",
      private_key: pem,
      client_email: "builder@shop.iam.gserviceaccount.com",
      token_uri: "https://oauth2.googleapis.com/token",
    }),
    "user.json": JSON.stringify({
      type: "authorized_user",
      client_id: "kanarie-client.apps.googleusercontent.com",
      client_secret: "GOCSPX-kanarieClientSecret",
      refresh_token: "1//kanarieRefreshToken0123456789",
    }),
    "federated.json": JSON.stringify({
      type: "external_account",
      audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: "https://sts.googleapis.com/v1/token",
      credential_source: { file: join(folder, "web_identity_token") },
    }),
    "broken.json": `{"type": "authorized_user", "refresh_token": 1//kanarieRefreshToken0123456789}`,
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(join(folder, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, name), text);
  }
  return {
    HOME: folder,
    // Deno's own cache is in the real home.
    DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "", ".cache", "deno"),
    AWS_SESSION_TOKEN: "kanarieSessionToken0123456789",
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "kanarieContainerToken0123456789",
    AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "web_identity_token"),
    AWS_EC2_METADATA_DISABLED: "true",
    GOOGLE_APPLICATION_CREDENTIALS: join(folder, "service_account.json"),
    GITHUB_TOKEN: "ghp_kanarieGithubToken0123456789",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "kanarieActionsToken0123456789",
    HTTPS_PROXY: "http://user:kanarieProxyPassword@127.0.0.1:9",
    NO_PROXY: "127.0.0.1",
  };
}

/** The lines of a private key, and a canary, are what must not be seen in a text. */
function leakIn(text: string): string | undefined {
  const found = CANARY.exec(text)?.index ?? text.search(/PRIVATE KEY|MII[A-Za-z0-9+/]{20}/);
  return found < 0 ? undefined : text.slice(Math.max(0, found - 80), found + 60);
}

export function assertNoLeak(what: string, text: string): void {
  const leak = leakIn(text);
  assert.equal(leak, undefined, `${what} gives a secret away: ...${leak}...`);
}

/** Runs mlforge with all that it could say, as GitHub Actions sees it, and looks at that. */
export async function runWatched(
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<CliResult> {
  const github = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(cwd, "summary.md") };
  // The one command without it prints a script that is always the same.
  const verbose = args[0] === "completion" ? [] : ["--verbose"];
  const result = await runCli([...args, ...verbose], { cwd, env: { ...env, ...github } });
  assertNoLeak(args.join(" "), result.out + result.err);
  return result;
}

/** Looks at every file below a folder, but for those below `planted`, and the engine's library, which the binary unpacks. */
export async function assertNoLeakInFiles(folder: string, planted: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (path === planted || name.startsWith("duckdb-")) continue;
    if (isDirectory) await assertNoLeakInFiles(path, planted);
    else assertNoLeak(path, new TextDecoder("latin1").decode(await Deno.readFile(path)));
  }
}
