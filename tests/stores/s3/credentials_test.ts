import assert from "node:assert/strict";
import type { Probed } from "./identity_probe.ts";

const PROBE = new URL("./identity_probe.ts", import.meta.url).pathname;

/** Of each kind of secret; none may be seen anywhere. */
const SECRET = "canary0SECRET0wJalrXUtnFEMI0K7MDENG0bPx";
const CONFIG = { kind: "s3", bucket: "a-bucket", prefix: "" };

interface Setting {
  /** Files below the user's home. */
  files?: Record<string, string>;
  /** `HOME` in a value is the user's home. */
  env?: Record<string, string>;
  config?: Record<string, unknown>;
}

/** What a process says that has nothing else than this setting; both from source and in a worker. */
async function probe(
  { files = {}, env = {}, config = {} }: Setting,
  check: (probed: Probed) => void,
): Promise<void> {
  const home = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${home}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${home}/${path}`, text);
    }
    for (const where of ["main", "worker"]) {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", PROBE, where, JSON.stringify({ ...CONFIG, ...config })],
        clearEnv: true,
        env: {
          ...kept("PATH", "DENO_DIR", "DENO_TLS_CA_STORE"),
          ...(Deno.env.has("DENO_DIR") ? {} : { DENO_DIR: denoFolder() }),
          HOME: home,
          ...Object.fromEntries(
            Object.entries(env).map(([name, value]) => [name, value.replace("HOME", home)]),
          ),
        },
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert.doesNotMatch(`${out}${err}`, /canary/i);
      assert.notEqual(out, "", err);
      check(JSON.parse(out ?? ""));
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function kept(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** Where this Deno keeps packages: another home must not mean that they are fetched again. */
function denoFolder(): string {
  const { stdout } = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
  return JSON.parse(new TextDecoder().decode(stdout)).denoDir;
}

/** A service of a cloud on this machine; gives the paths that were asked. */
async function withService(
  answer: (request: Request) => Response | Promise<Response>,
  act: (url: string) => Promise<void>,
): Promise<string[]> {
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname}`);
    return answer(request);
  });
  try {
    await act(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
  return asked;
}

/** No request leaves this machine: AWS's own services are nowhere. */
const NOWHERE = {
  AWS_REGION: "eu-west-1",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_ENDPOINT_URL_STS: "http://127.0.0.1:1",
};

function stsAnswer(action: string): Response {
  const credentials =
    `<AccessKeyId>ASIAWEBIDENTITY9999</AccessKeyId><SecretAccessKey>${SECRET}</SecretAccessKey>` +
    `<SessionToken>${SECRET}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`;
  const arn = "<Arn>arn:aws:sts::123456789012:assumed-role/role/mlforge</Arn>";
  const result = action === "GetCallerIdentity" ? arn : `<Credentials>${credentials}</Credentials>`;
  return new Response(
    `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}` +
      `</${action}Result></${action}Response>`,
    { headers: { "content-type": "text/xml" } },
  );
}

Deno.test("S3 credentials: the environment", async () => {
  const env = { ...NOWHERE, AWS_ACCESS_KEY_ID: "AKIAENVIRONMENT1234", AWS_SECRET_ACCESS_KEY: SECRET };
  await probe({ env }, (probed) => {
    assert.deepEqual(probed, { from: "the environment (AWS_ACCESS_KEY_ID)", key: "1234" });
  });
});

Deno.test("S3 credentials: AWS_DEFAULT_REGION is a region, too; without any it is asked for", async () => {
  const { AWS_REGION: _, ...env } = {
    ...NOWHERE,
    AWS_ACCESS_KEY_ID: "AKIAENVIRONMENT1234",
    AWS_SECRET_ACCESS_KEY: SECRET,
  };
  await probe({ env: { ...env, AWS_DEFAULT_REGION: "eu-west-1" } }, ({ key }) => assert.equal(key, "1234"));
  await probe({ env }, ({ error }) => {
    assert.equal(error?.message, 'The region of bucket "a-bucket" is not known');
    assert.match(error?.hint ?? "", /AWS_REGION/);
  });
});

Deno.test("S3 credentials: a profile's, with its region", async () => {
  const { AWS_REGION: _, ...env } = NOWHERE;
  const files = {
    ".aws/config": "[profile dev]\nregion = eu-north-1\n",
    ".aws/credentials": `[dev]\naws_access_key_id = AKIAPROFILE5678\naws_secret_access_key = ${SECRET}\n`,
  };
  await probe({ files, env: { ...env, AWS_PROFILE: "dev" } }, (probed) => {
    assert.deepEqual(probed, { from: 'profile "dev" (AWS_PROFILE)', key: "5678" });
  });
});

Deno.test("S3 credentials: web identity, and who that is", async () => {
  const asked: string[] = [];
  await withService(async (request) => {
    const action = new URLSearchParams(await request.text()).get("Action") ?? "";
    asked.push(action);
    return stsAnswer(action);
  }, async (url) => {
    const env = {
      ...NOWHERE,
      AWS_ENDPOINT_URL_STS: url,
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/role",
      AWS_WEB_IDENTITY_TOKEN_FILE: "HOME/token",
    };
    await probe({ files: { token: SECRET }, env }, (probed) => {
      assert.deepEqual(probed, {
        from: "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
        key: "9999",
        arn: "arn:aws:sts::123456789012:assumed-role/role/mlforge",
      });
    });
  });
  assert.ok(asked.includes("AssumeRoleWithWebIdentity"));
});

Deno.test("S3 credentials: an expired web identity says so", async () => {
  const expired = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredTokenException</Code>" +
    `<Message>Token ${SECRET} expired</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
  await withService(() => new Response(expired, { status: 400 }), async (url) => {
    const env = {
      ...NOWHERE,
      AWS_ENDPOINT_URL_STS: url,
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/role",
      AWS_WEB_IDENTITY_TOKEN_FILE: "HOME/token",
    };
    await probe({ files: { token: SECRET }, env }, ({ error }) => {
      assert.equal(
        error?.message,
        "Can't open s3://a-bucket: what web identity (AWS_WEB_IDENTITY_TOKEN_FILE) shows for credentials has expired",
      );
    });
  });
});

Deno.test("S3 credentials: the machine's metadata service, version 2", async () => {
  const asked = await withService((request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "PUT") return new Response(SECRET);
    if (request.headers.get("x-aws-ec2-metadata-token") !== SECRET) return new Response("", { status: 401 });
    if (pathname.endsWith("/security-credentials/")) return new Response("role");
    return Response.json({
      Code: "Success",
      AccessKeyId: "ASIAMETADATA4321",
      SecretAccessKey: SECRET,
      Token: SECRET,
      Expiration: "2099-01-01T00:00:00Z",
    });
  }, async (url) => {
    const { AWS_EC2_METADATA_DISABLED: _, ...env } = NOWHERE;
    await probe({ env: { ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: url } }, (probed) => {
      assert.deepEqual(probed, { from: "the machine's metadata service", key: "4321" });
    });
  });
  assert.ok(asked.includes("PUT /latest/api/token"));
});

Deno.test("S3 credentials: a metadata service that hangs is left soon", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { AWS_EC2_METADATA_DISABLED: _, ...env } = NOWHERE;
  const silent = `http://127.0.0.1:${listener.addr.port}`;
  await probe({ env: { ...env, AWS_EC2_METADATA_SERVICE_ENDPOINT: silent } }, ({ error }) => {
    assert.equal(error?.message, "Can't open s3://a-bucket: no credentials were found");
    assert.match(error?.hint ?? "", /the machine's metadata service \(no credentials from there\)/);
  });
});

Deno.test("S3 credentials: a container's, as on ECS and EKS", async () => {
  const asked = await withService((request) => {
    if (request.headers.get("authorization") !== SECRET) return new Response("", { status: 401 });
    return Response.json({
      AccessKeyId: "ASIACONTAINER8765",
      SecretAccessKey: SECRET,
      Token: SECRET,
      Expiration: "2099-01-01T00:00:00Z",
    });
  }, async (url) => {
    const env = {
      ...NOWHERE,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "HOME/token",
    };
    await probe({ files: { token: SECRET }, env }, (probed) => {
      assert.deepEqual(probed, {
        from: "the container's credentials service (AWS_CONTAINER_CREDENTIALS_*_URI)",
        key: "8765",
      });
    });
  });
  assert.ok(asked.includes("GET /v1/credentials"));
});

Deno.test("S3 credentials: a container's service that hangs is left soon", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent = `http://127.0.0.1:${listener.addr.port}/`;
  await probe({ env: { ...NOWHERE, AWS_CONTAINER_CREDENTIALS_FULL_URI: silent } }, ({ error }) => {
    assert.equal(error?.message, "Can't open s3://a-bucket: no credentials were found");
    assert.match(
      error?.hint ?? "",
      /and the container's credentials service .* \(no credentials from there\)/,
    );
  });
});

Deno.test("S3 credentials: none, and each link says what it lacks", async () => {
  await probe({ env: NOWHERE }, ({ error }) => {
    assert.equal(error?.message, "Can't open s3://a-bucket: no credentials were found");
    assert.match(error?.hint ?? "", /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set/);
    assert.match(error?.hint ?? "", /profile "default"/);
    assert.match(error?.hint ?? "", /AWS_WEB_IDENTITY_TOKEN_FILE is not set/);
    assert.match(error?.hint ?? "", /AWS_EC2_METADATA_DISABLED is set/);
  });
});

Deno.test("S3 credentials: a profile that is not there is named", async () => {
  await probe({ env: { ...NOWHERE, AWS_PROFILE: "nope" } }, ({ error }) => {
    assert.match(error?.hint ?? "", /profile "nope" \(AWS_PROFILE\) \(nothing of it in/);
  });
});
