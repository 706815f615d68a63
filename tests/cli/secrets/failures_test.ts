import assert from "node:assert/strict";
import { join } from "node:path";
import type { FaultProxy } from "../../stores/fault_proxy.ts";
import { wireTest } from "../../stores/wire.ts";
import { storeYaml } from "../bucket_project.ts";
import { withProject } from "../project.ts";
import { assertNoLeakInFiles, newKeyId, plant, runWatched, TOKEN } from "./canaries.ts";

interface Failure {
  /** In place of the environment's own; an empty one is taken out of it. */
  env?: Record<string, string>;
  /** In place of the profile's store. */
  store?: string;
  /** Prepares the wire, for each run anew. */
  wire?: (proxy: FaultProxy) => void;
  /** What has to be said, so that this failure is the one that was met. */
  says: RegExp;
}

const answer = (status: number, body: string) => (proxy: FaultProxy) =>
  proxy.fault({ kind: "answer", applied: false, status, body }, { times: Infinity });

/** As a server that echoes all it knows of a request: some do, in errors. */
const echo = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>No: AWS4-HMAC-SHA256 Credential=AKIAKANARIE0000007Q2Z/x, ` +
  "Signature=kanarieSignature0123456789</Message><AWSAccessKeyId>AKIAKANARIE0000007Q2Z</AWSAccessKeyId>" +
  "<Token-0>kanarieSessionToken0123456789</Token-0><StringToSign>kanarieStringToSign</StringToSign>" +
  "<SignatureProvided>kanarieSignature0123456789</SignatureProvided></Error>";

/** An address where nobody listens: a moment ago the system gave it out as free. */
function closedAddress(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `127.0.0.1:${listener.addr.port}`;
}

const CLOSED = closedAddress();

const NO_KEYS = { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "", AWS_SESSION_TOKEN: "" };

/** By name; `planted` is the folder of the planted files. */
const failuresOf: Record<
  "s3" | "gcs",
  (planted: string, store: (changes: Record<string, string>) => string) => Record<string, Failure>
> = {
  s3: (planted, store) => ({
    "an unknown key": { says: /does not know the credentials/ },
    "credentials that have expired": { wire: answer(400, echo("ExpiredToken")), says: /have expired/ },
    "a wrong secret": { wire: answer(403, echo("SignatureDoesNotMatch")), says: /secret key of .* is wrong/ },
    "no rights": { wire: answer(403, echo("AccessDenied")), says: /access is denied/ },
    "a broken server": { wire: answer(500, echo("InternalError")), says: /busy or broken/ },
    "an answer that is none": { wire: answer(200, echo("<not")), says: /Can't/ },
    "no credentials": {
      env: { ...NO_KEYS, HOME: join(planted, "nowhere"), AWS_WEB_IDENTITY_TOKEN_FILE: "" },
      says: /no credentials were found/,
    },
    "a web identity that is refused": {
      env: { ...NO_KEYS, HOME: join(planted, "nowhere"), AWS_ROLE_ARN: "arn:aws:iam::1:role/kanarie-role" },
      says: /web identity/,
    },
    "a process that gives no credentials": { env: { AWS_PROFILE: "process" }, says: /profile "process"/ },
    "keys of a file that the server does not know": {
      env: { AWS_PROFILE: "default" },
      says: /profile "default"/,
    },
    "a host that is not known": { store: store({ endpoint: "https://nowhere.invalid" }), says: /Can't/ },
    "a port that is closed": {
      store: store({ endpoint: `http://${CLOSED}` }),
      says: new RegExp(`no connection to ${CLOSED}`),
    },
    "a server without TLS": { store: store({ endpoint: "TLS" }), says: /Can't/ },
    "an endpoint with a password": {
      store: store({ endpoint: "https://user:kanariePassword@minio.example.com" }),
      says: /without a user/,
    },
    "an endpoint with a password in a variable": {
      store: store({ endpoint: "${oc.env:ADDRESS}" }),
      env: { ADDRESS: "https://user:kanariePassword@minio.example.com" },
      says: /without a user/,
    },
    "a secret in the file": {
      store: store({ secret_access_key: "kanarieSecretInTheFile" }),
      says: /looks like a secret/,
    },
  }),
  gcs: (planted, store) => {
    const file = (name: string) => ({ GOOGLE_APPLICATION_CREDENTIALS: join(planted, name) });
    const anonymous = { GOOGLE_APPLICATION_CREDENTIALS: "", HOME: join(planted, "nowhere") };
    const body = JSON.stringify({
      error: { code: 401, message: "Bad token: Bearer ya29.kanarieAccessToken0123456789", errors: [] },
    });
    return {
      "a service account that can't sign in": { says: /Can't/ },
      "a user who can't sign in": { env: file("user.json"), says: /Can't/ },
      "a federated identity that can't sign in": { env: file("federated.json"), says: /Can't/ },
      "a file of credentials that is broken": { env: file("broken.json"), says: /holds no credentials/ },
      "a file of credentials that is not there": { env: file("nowhere.json"), says: /is not there/ },
      "credentials that are refused": { env: anonymous, wire: answer(401, body), says: /does not take/ },
      "no rights": { env: anonymous, wire: answer(403, body), says: /access is denied/ },
      "a broken server": { env: anonymous, wire: answer(503, body), says: /busy or broken/ },
      "an answer that is none": { env: anonymous, wire: answer(200, body), says: /Can't|bug/ },
      "a port that is closed": {
        env: anonymous,
        store: store({ endpoint: `http://${CLOSED}` }),
        says: /Can't/,
      },
      "an endpoint with a password": {
        store: store({ endpoint: "https://user:kanariePassword@gcs.example.com" }),
        says: /without a user/,
      },
    };
  },
};

wireTest("no failure gives a secret away, through build and profile --validate", async (wire) => {
  const { kind, proxy } = wire;
  // Of the right credentials, which this process has, nobody here may know.
  for (const name of Object.keys(wire.env)) Deno.env.delete(name);
  await withProject(async (cwd) => {
    const planted = join(cwd, "planted");
    const base: Record<string, string> = {
      ...await plant(planted),
      AWS_ACCESS_KEY_ID: newKeyId(),
      AWS_SECRET_ACCESS_KEY: "kanarieSecretAccessKey0123456789abcdefghi",
      AWS_SESSION_TOKEN: "kanarieSessionToken0123456789",
      AWS_REGION: "us-east-1",
      MLFORGE_CACHE_DIR: join(cwd, "cache"),
      TMPDIR: join(cwd, "temp"),
    };
    await Deno.mkdir(join(cwd, "temp"));
    const tls = wire.store.endpoint?.replace("http:", "https:") ?? "";
    const store = (changes: Record<string, string>) => {
      const { endpoint = wire.store.endpoint ?? "", ...others } = changes;
      const written = storeYaml({
        ...wire,
        store: { ...wire.store, endpoint: endpoint === "TLS" ? tls : endpoint },
      });
      const more = Object.entries(others).map(([key, value]) => `, ${key}: ${value}`).join("");
      return written.replace(/ \}$/, `${more} }`);
    };
    using sts = echoingServer();
    const wrong: string[] = [];
    for (const [name, failure] of Object.entries(failuresOf[kind](planted, store))) {
      await Deno.writeTextFile(
        join(cwd, "mlforge.yaml"),
        `default_profile: cloud\nprofiles:\n  cloud: { offline_store: ${failure.store ?? store({})} }\n`,
      );
      const all = { ...base, AWS_ENDPOINT_URL_STS: sts.address, ...failure.env };
      const env = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
      for (const command of [["build"], ["profile", "--validate", "--json"]]) {
        proxy.clear();
        failure.wire?.(proxy);
        const { code, out, err } = await runWatched(command, { cwd, env });
        if ((code !== 1 && code !== 2) || !failure.says.test(err)) {
          wrong.push(`${name}: ${command.join(" ")} ended with ${code}\n${out}${err}`);
        }
      }
    }
    assert.deepEqual(wrong, []);
    // It was written here, with secrets of its own.
    await Deno.remove(join(cwd, "mlforge.yaml"));
    await assertNoLeakInFiles(cwd, planted);
  });
});

/** A token service that refuses, and quotes the token that it was shown. */
function echoingServer(): { address: string } & Disposable {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const text =
      `<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>Bad token ${TOKEN}</Message></Error>` +
      "<RequestId>0</RequestId></ErrorResponse>";
    return new Response(text, { status: 400, headers: { "content-type": "text/xml" } });
  });
  return {
    address: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.dispose]: () => void server.shutdown(),
  };
}
