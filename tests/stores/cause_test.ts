import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { cleanCause, isForbidden, withoutSecrets } from "../../src/stores/cause.ts";

/** All that could be printed of an error. */
function printed(error: unknown): string {
  return `${Deno.inspect(error, { depth: 20, showHidden: true })}\n${JSON.stringify(error)}`;
}

Deno.test("cleanCause() keeps name, code, status and request id, and drops the rest", () => {
  const error = Object.assign(new Error("Access Denied"), {
    name: "AccessDenied",
    $metadata: { httpStatusCode: 403, requestId: "4442587FB7D0A2F9" },
    $response: { headers: { authorization: "canary-authorization" } },
    config: { data: "canary-data" },
  });
  const clean = cleanCause(error);
  assert.equal(clean.name, "AccessDenied");
  assert.equal(clean.message, "Access Denied (status 403, request 4442587FB7D0A2F9)");
  assert.match(clean.stack ?? "", /^AccessDenied: Access Denied [^\n]*\n\s+at .*cause_test\.ts/);
  assert.doesNotMatch(printed(clean), /canary/);
});

Deno.test("cleanCause() cleans the causes below, however deep, and ends in a circle", () => {
  const error: Error & { secret?: string } = new Error("outer");
  error.cause = Object.assign(new Error("GET https://key:canary@host/b?X-Amz-Signature=canary"), {
    headers: "canary",
    cause: error,
  });
  error.secret = "canary";
  const clean = cleanCause(error);
  assert.doesNotMatch(printed(clean), /canary/);
  assert.ok(clean.cause instanceof Error);
  assert.equal(clean.cause.message, "GET https://host/b");
});

Deno.test("cleanCause() tells what each address of a host said", () => {
  const error = new AggregateError([new Error("refused 127.0.0.1:9"), new Error("refused ::1:9")]);
  assert.equal(
    cleanCause(Object.assign(error, { code: "ECONNREFUSED" })).message,
    "refused 127.0.0.1:9; refused ::1:9 (code ECONNREFUSED)",
  );
});

Deno.test("cleanCause() does not quote a file that can't be parsed", () => {
  for (const text of ['{"private_key": canary}', "canary", '{"a": "' + "canary".repeat(20) + "}\n"]) {
    let error: unknown;
    try {
      JSON.parse(text);
    } catch (thrown) {
      error = thrown;
    }
    assert.doesNotMatch(printed(cleanCause(error)), /canary/);
    assert.match(cleanCause(error).stack ?? "", /^SyntaxError: /);
  }
});

Deno.test("cleanCause() takes anything that can be thrown", () => {
  assert.equal(cleanCause("text").message, "text");
  assert.equal(cleanCause(undefined).message, "undefined");
  assert.equal(cleanCause({}).message, "no message");
  const hostile = Object.defineProperty(new Error("x"), "code", {
    get() {
      throw new Error("no");
    },
  });
  assert.equal(cleanCause(hostile).message, "x");
});

Deno.test("withoutSecrets() hides what looks like a secret", () => {
  const secrets = [
    "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/s3, Signature=canary",
    "https://user:canary@example.com/path",
    "https://example.com/b/k?X-Amz-Security-Token=canary&x=1",
    "x-amz-security-token: canary",
    '{"refresh_token":"canary","client_secret": "canary"}',
    "Bearer canary.canary",
    "eyJhbGciOiJSUzI1NiJ9.canary.canary",
    "ya29.canary-canary",
    "1//0canary-canary",
    "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYcanaryKEY0",
  ];
  for (const secret of secrets) {
    const seen = withoutSecrets(`before ${secret} after`);
    assert.doesNotMatch(seen, /canary/, secret);
    assert.match(seen, /^before .* ?after$/s);
  }
  assert.doesNotMatch(withoutSecrets(secrets[0] ?? ""), /AKIAIOSFODNN7EXAMPLE/);
});

Deno.test("withoutSecrets() hides the environment's secrets, whatever they look like", () => {
  const before = Deno.env.get("AWS_SECRET_ACCESS_KEY");
  Deno.env.set("AWS_SECRET_ACCESS_KEY", "plainword");
  try {
    assert.equal(withoutSecrets("the key plainword was wrong"), "the key [hidden] was wrong");
  } finally {
    if (before === undefined) Deno.env.delete("AWS_SECRET_ACCESS_KEY");
    else Deno.env.set("AWS_SECRET_ACCESS_KEY", before);
  }
});

Deno.test("withoutSecrets() leaves what a person needs", () => {
  for (
    const text of [
      "connect ECONNREFUSED 127.0.0.1:9000",
      "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: s3:PutObject",
      "sha256 982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
      "The bucket my-features.eu-west-1 does not exist",
    ]
  ) assert.equal(withoutSecrets(text), text);
});

Deno.test("isForbidden() knows a refusal by the status of either SDK's error", () => {
  const caused = (fields: object) =>
    new MlforgeError("failed", "Can't", { cause: cleanCause(Object.assign(new Error("Denied"), fields)) });
  assert.ok(isForbidden(caused({ $metadata: { httpStatusCode: 403 } })));
  assert.ok(isForbidden(caused({ code: 403 })));
  assert.ok(isForbidden(caused({ code: "403" })));
  assert.ok(!isForbidden(caused({ $metadata: { httpStatusCode: 404 } })));
  assert.ok(!isForbidden(caused({ code: "ECONNREFUSED" })));
  assert.ok(!isForbidden(new MlforgeError("failed", "Can't")));
});
