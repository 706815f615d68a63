import assert from "node:assert/strict";
import { askForRole } from "../../../src/stores/s3/ec2.ts";
import { servedCredentials } from "../../../src/stores/s3/served.ts";

/** The metadata service of a machine at Amazon, whose credentials end after so many milliseconds. */
async function withMachine(
  act: (service: { ask: () => Promise<string | undefined>; fail: () => void }) => Promise<void>,
  lasting = 3_600_000,
): Promise<void> {
  let works = true;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url, method }) => {
    if (!works) return new Response("", { status: 500 });
    if (method === "PUT") return new Response("token");
    if (url.endsWith("/security-credentials/")) return new Response("role");
    return Response.json({
      AccessKeyId: "key",
      SecretAccessKey: "secret",
      Token: "token",
      Expiration: new Date(Date.now() + lasting).toISOString(),
    });
  });
  Deno.env.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", `http://127.0.0.1:${server.addr.port}`);
  const credentials = servedCredentials(askForRole);
  try {
    await act({ ask: async () => (await credentials())?.accessKeyId, fail: () => void (works = false) });
  } finally {
    Deno.env.delete("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    await server.shutdown();
  }
}

Deno.test("a machine's credentials stand in while the service fails, as long as they are good", async () => {
  await withMachine(async ({ ask, fail }) => {
    assert.equal(await ask(), "key");
    fail();
    assert.equal(await ask(), "key");
  });
});

Deno.test("a machine's credentials that have expired do not stand in", async () => {
  await withMachine(async ({ ask, fail }) => {
    assert.equal(await ask(), "key");
    fail();
    assert.equal(await ask(), undefined);
  }, -1);
});

Deno.test("a machine whose service fails from the start has none", async () => {
  await withMachine(async ({ ask, fail }) => {
    fail();
    assert.equal(await ask(), undefined);
  });
});
