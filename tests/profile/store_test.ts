import assert from "node:assert/strict";
import { resolve } from "node:path";
import { MlforgeError } from "../../src/error.ts";
import { readStore } from "../../src/profile/store.ts";
import type { StoreConfig } from "../../src/stores/config.ts";
import { parseYaml } from "../../src/yaml/parse.ts";

const folder = resolve("/project");
const env: Record<string, string> = {
  BUCKET: "my-bucket",
  NOTHING: "",
  FOLDER: "stores/one",
  SLASHES: "a//b",
  ADDRESS: "http://minio.example.com:9000",
};

function read(yaml: string): StoreConfig {
  const { value, placeOf } = parseYaml(yaml, "mlforge.yaml");
  return readStore({ value, placeOf, folder, what: 'profile "dev"' }, (name) => env[name]);
}

function errorsOf(yaml: string): MlforgeError[] {
  try {
    read(yaml);
  } catch (error) {
    assert(error instanceof MlforgeError, String(error));
    assert(error.all().every(({ code }) => code === "usage"));
    return error.all();
  }
  assert.fail(`${yaml} was read`);
}

const RIGHT: [string, StoreConfig][] = [
  ["KIND: local\npath: ./store", { kind: "local", path: resolve(folder, "store") }],
  ["KIND: local\npath: ../store", { kind: "local", path: resolve(folder, "..", "store") }],
  ["KIND: local\npath: /elsewhere", { kind: "local", path: resolve("/elsewhere") }],
  ["KIND: local\npath: ${oc.env:FOLDER}", { kind: "local", path: resolve(folder, "stores", "one") }],
  ["KIND: s3\nbucket: my-bucket", { kind: "s3", bucket: "my-bucket", prefix: "" }],
  [
    "KIND: s3\nbucket: b.c_d-e\nprefix: /a/b c/\nregion: us-west-2\nendpoint: https://minio.example.com:9000/s3\n" +
    "path_style: true\ninsecure: false",
    {
      kind: "s3",
      bucket: "b.c_d-e",
      prefix: "a/b c",
      region: "us-west-2",
      endpoint: "https://minio.example.com:9000/s3",
      pathStyle: true,
      insecure: false,
    },
  ],
  [
    "KIND: s3\nbucket: ${oc.env:BUCKET}\nprefix: ${oc.env:NOTHING}\nregion: ${oc.env:NONE,}\nendpoint: ${oc.env:NONE,}",
    { kind: "s3", bucket: "my-bucket", prefix: "" },
  ],
  ["KIND: s3\nbucket: abc\nprefix: /", { kind: "s3", bucket: "abc", prefix: "" }],
  ["KIND: gcs\nbucket: abc\nprefix: prod/v1", { kind: "gcs", bucket: "abc", prefix: "prod/v1" }],
  ...["http://localhost:9000", "http://127.0.0.1:9000", "http://127.1.2.3", "http://[::1]:4443"].map((
    endpoint,
  ): [string, StoreConfig] => [
    `KIND: gcs\nbucket: abc\nendpoint: "${endpoint}"`,
    { kind: "gcs", bucket: "abc", prefix: "", endpoint },
  ]),
  [
    "KIND: gcs\nbucket: abc\nendpoint: ${oc.env:ADDRESS}\ninsecure: true",
    { kind: "gcs", bucket: "abc", prefix: "", endpoint: "http://minio.example.com:9000", insecure: true },
  ],
];
for (const [yaml, store] of RIGHT) {
  Deno.test(`readStore() reads ${yaml.replaceAll("\n", ", ")}`, () => assert.deepEqual(read(yaml), store));
}

const OF = 'of the store of profile "dev"';
const BUCKET = `"bucket" ${OF} must be a bucket's name alone, without an address or a folder`;
const PREFIX = `"prefix" ${OF} must be folders joined by "/", none of them empty, "." or ".."`;
const ENDPOINT =
  `"endpoint" ${OF} must be an address such as https://minio.example.com:9000, without a user or a query`;
const SECRET = (key: string) => `Key "${key}" looks like a secret, and secrets never stand in this file`;

const WRONG: [string, string, string][] = [
  ["KIND: lcoal\npath: x", "1:7", `"KIND" ${OF} can't be "lcoal"`],
  ["path: x", "1:1", 'Key "KIND" is missing in the store of profile "dev"'],
  ["KIND: ${oc.env:KIND,local}\npath: x", "1:7", `"KIND" ${OF} can't be "\${oc.env:KIND,local}"`],
  ["KIND: local", "1:1", 'Key "path" is missing in the store of profile "dev"'],
  ["KIND: local\npath: ''", "2:7", `"path" ${OF} must not be empty`],
  ["KIND: local\npath: ${oc.env:NOTHING}", "2:7", `"path" ${OF} must not be empty`],
  ['KIND: local\npath: "a\\e[2J"', "2:7", `"path" ${OF} must not hold control characters`],
  [
    "KIND: local\npath: ~/store",
    "2:7",
    `"path" ${OF} must not begin with "~", which only a shell fills in: write \${oc.env:HOME}`,
  ],
  ["KIND: local\npath: x\nbucket: y", "3:1", 'Unknown key "bucket" in the store of profile "dev"'],
  ["KIND: s3", "1:1", 'Key "bucket" is missing in the store of profile "dev"'],
  ["KIND: s3\nbucket: 12", "2:9", `"bucket" ${OF} must be text, and is a number`],
  ["KIND: s3\nbucket: s3://my-bucket", "2:9", BUCKET],
  ["KIND: s3\nbucket: my-bucket/v1", "2:9", BUCKET],
  ["KIND: s3\nbucket: ${oc.env:FOLDER}", "2:9", BUCKET],
  ["KIND: s3\nbucket: ab", "2:9", BUCKET],
  ["KIND: s3\nbucket: abc\nprefix: a/../b", "3:9", PREFIX],
  ["KIND: s3\nbucket: abc\nprefix: .", "3:9", PREFIX],
  ["KIND: s3\nbucket: abc\nprefix: 'a\\b'", "3:9", PREFIX],
  ['KIND: s3\nbucket: abc\nprefix: "a\\e"', "3:9", PREFIX],
  ["KIND: s3\nbucket: abc\nprefix: ${oc.env:SLASHES}", "3:9", PREFIX],
  [`KIND: s3\nbucket: abc\nprefix: ${"x".repeat(513)}`, "3:9", PREFIX],
  ["KIND: s3\nbucket: abc\nregion: US West", "3:9", `"region" ${OF} must be a region such as "us-west-2"`],
  ["KIND: s3\nbucket: abc\nendpoint: minio:9000", "3:11", ENDPOINT],
  ["KIND: s3\nbucket: abc\nendpoint: minio.example.com", "3:11", ENDPOINT],
  ["KIND: s3\nbucket: abc\nendpoint: https://a.example.com?x=1", "3:11", ENDPOINT],
  ["KIND: s3\nbucket: abc\nendpoint: https://a.example.com#x", "3:11", ENDPOINT],
  ["KIND: s3\nbucket: abc\nendpoint: https://key@a.example.com", "3:11", ENDPOINT],
  ["KIND: s3\nbucket: abc\npath_style: yes", "3:13", `"path_style" ${OF} must be true or false, and is text`],
  [
    "KIND: s3\nbucket: abc\nendpoint: http://minio.example.com:9000",
    "3:11",
    `"endpoint" ${OF} goes by plain http to "minio.example.com"`,
  ],
  [
    "KIND: gcs\nbucket: abc\ninsecure: false\nendpoint: ${oc.env:ADDRESS}",
    "4:11",
    `"endpoint" ${OF} goes by plain http to "minio.example.com"`,
  ],
  [
    "KIND: gcs\nbucket: abc\nendpoint: http://127.0.0.1.example.com",
    "3:11",
    `"endpoint" ${OF} goes by plain http to "127.0.0.1.example.com"`,
  ],
  ...[
    "http://169.254.169.254",
    "https://2852039166/",
    "https://[fe80::1]:9000",
    "https://[::ffff:169.254.0.1]",
  ].map((
    endpoint,
  ): [string, string, string] => [
    `KIND: s3\nbucket: abc\ninsecure: true\nendpoint: "${endpoint}"`,
    "4:11",
    `"endpoint" ${OF} is "${new URL(endpoint).hostname}", a link-local address`,
  ]),
  ["KIND: gcs\nbucket: abc\nregion: us-west-2", "3:1", 'Unknown key "region" in the store of profile "dev"'],
  [
    "KIND: gcs\nbucket: abc\npath_style: true",
    "3:1",
    'Unknown key "path_style" in the store of profile "dev"',
  ],
  [
    "KIND: gcs\nbucket: ${oc.env:MISSING}",
    "2:9",
    `Environment variable "MISSING" is not set, and "bucket" ${OF} needs it`,
  ],
  ...[
    "access_key",
    "aws_access_key_id",
    "secretAccessKey",
    "session_token",
    "password",
    "credentials",
    "api_key",
    "client_secret",
    "sas",
  ].map((key): [string, string, string] => [`KIND: s3\nbucket: abc\n${key}: x`, "3:1", SECRET(key)]),
];
for (const [yaml, place, message] of WRONG) {
  Deno.test(`readStore() refuses ${yaml.slice(0, 80).replaceAll("\n", ", ")}`, () => {
    const [error, ...others] = errorsOf(yaml);
    assert.deepEqual(others, []);
    assert.equal(error!.message, message);
    assert.equal(`${error!.place?.line}:${error!.place?.column}`, place);
  });
}

Deno.test("readStore() reports all missing variables at once", () => {
  const messages = errorsOf("KIND: s3\nbucket: ${oc.env:ONE}\nprefix: ${oc.env:TWO}").map(({ message }) =>
    message
  );
  assert.match(messages[0]!, /"ONE".*"bucket"/);
  assert.match(messages[1]!, /"TWO".*"prefix"/);
  assert.equal(messages.length, 2);
});

Deno.test("readStore() shows no line of a file with a secret in it", () => {
  for (
    const yaml of [
      "KIND: s3\nbucket: abc\nsecret_key: hunter2",
      "{KIND: s3, bucket: abc, secret_key: hunter2, typo: 1}",
      "KIND: s3\nbucket: abc\nendpoint: https://user:hunter2@example.com",
      "{KIND: s3, bucket: abc, nested: [{token: hunter2}]}",
    ]
  ) {
    assert.doesNotMatch(JSON.stringify(errorsOf(yaml).map((error) => error.toPlain())), /hunter2/);
  }
  assert.equal(errorsOf("KIND: s3\nbukcet: abc")[0]!.place?.text, "KIND: s3");
});
