import assert from "node:assert/strict";
import { isInLocation, machineRegion as googleRegion } from "../../src/stores/gcs/place.ts";
import { machineRegion as amazonRegion } from "../../src/stores/s3/place.ts";

/** A metadata service on this machine, by what it answers to each path. */
async function withMetadata(
  answer: (path: string, request: Request) => string | undefined,
  use: (host: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const text = answer(new URL(request.url).pathname, request);
    return text === undefined ? new Response("", { status: 401 }) : new Response(text);
  });
  try {
    await use(`127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

const env = (variables: Record<string, string>) => (name: string) => variables[name];

/** Asks for a token first, as IMDSv2 does. */
function imds(path: string, { method, headers }: Request): string | undefined {
  if (path === "/latest/api/token") {
    return method === "PUT" && headers.has("x-aws-ec2-metadata-token-ttl-seconds") ? "the-token" : undefined;
  }
  const asked = headers.get("x-aws-ec2-metadata-token") === "the-token";
  return asked && path === "/latest/meta-data/placement/region" ? "us-west-2\n" : undefined;
}

Deno.test("a machine at Amazon is where its metadata service says, asked with a token", async () => {
  await withMetadata(imds, async (host) => {
    const variables = { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${host}`, AWS_REGION: "eu-west-1" };
    assert.equal(await amazonRegion(env(variables)), "us-west-2");
    assert.equal(await amazonRegion(env({ ...variables, AWS_EC2_METADATA_DISABLED: "true" })), undefined);
    const lambda = { ...variables, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x" };
    assert.equal(await amazonRegion(env(lambda)), "eu-west-1");
  });
});

Deno.test("a machine at Google is in the region of the zone that its metadata server names", async () => {
  const answer = (path: string, { headers }: Request) =>
    headers.get("metadata-flavor") === "Google" && path === "/computeMetadata/v1/instance/zone"
      ? "projects/123456/zones/us-central1-a"
      : undefined;
  await withMetadata(answer, async (host) => {
    assert.equal(await googleRegion(env({ GCE_METADATA_HOST: host })), "us-central1");
  });
});

Deno.test("where no metadata service answers, the machine's region is not known", async () => {
  // A port that was free a moment ago.
  let host = "";
  await withMetadata(() => undefined, (open) => Promise.resolve(void (host = open)));
  assert.equal(await amazonRegion(env({ AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${host}` })), undefined);
  assert.equal(await googleRegion(env({ GCE_METADATA_HOST: host })), undefined);
});

Deno.test("a location of Google's is a region, or a continent, or says nothing", () => {
  assert.equal(isInLocation("us-central1", "us-central1"), true);
  assert.equal(isInLocation("us-central1", "us-east1"), false);
  assert.equal(isInLocation("us-east1", "us"), true);
  assert.equal(isInLocation("europe-west1", "us"), false);
  assert.equal(isInLocation("europe-west2", "eu"), false);
  assert.equal(isInLocation("us-central1", "nam4"), undefined);
});
