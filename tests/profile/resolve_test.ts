import assert from "node:assert/strict";
import { join } from "node:path";
import { MlforgeError } from "../../src/error.ts";
import { resolveConfig, type ResolvedConfig } from "../../src/profile/resolve.ts";

interface Asked {
  config?: string;
  profile?: string;
  env?: Record<string, string>;
  /** Below the folder with mlforge.yaml. */
  below?: string;
}

/** Resolves in a folder that holds this mlforge.yaml; without any where it is undefined. */
async function resolveIn(yaml: string | undefined, asked: Asked = {}): Promise<[ResolvedConfig, string]> {
  const folder = await Deno.makeTempDir();
  try {
    if (yaml !== undefined) await Deno.writeTextFile(join(folder, "mlforge.yaml"), yaml);
    const cwd = join(folder, asked.below ?? "");
    await Deno.mkdir(cwd, { recursive: true });
    const { below: _, env = {}, ...rest } = asked;
    return [await resolveConfig({ cwd, ...rest, env: (name) => env[name] }), folder];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refusal(yaml: string | undefined, asked: Asked = {}): Promise<MlforgeError> {
  const error = await resolveIn(yaml, asked).then(
    () => assert.fail("was resolved"),
    (thrown: unknown) => thrown,
  );
  assert(error instanceof MlforgeError, String(error));
  assert.equal(error.code, "usage");
  return error;
}

const FILE = `default_profile: dev
definitions: features/definitions.ts
profiles:
  dev:
    offline_store: { KIND: local, path: ./feature_store }
  production:
    offline_store:
      KIND: s3
      bucket: \${oc.env:PROD_BUCKET}
      prefix: v1
`;

Deno.test("resolveConfig() takes default_profile, with paths relative to the file", async () => {
  const [config, folder] = await resolveIn(FILE);
  assert.deepEqual(config, {
    file: join(folder, "mlforge.yaml"),
    profile: { name: "dev", from: "default_profile" },
    store: { kind: "local", path: join(folder, "feature_store") },
    definitions: join(folder, "features", "definitions.ts"),
    profiles: ["dev", "production"],
  });
});

Deno.test("resolveConfig() takes MLFORGE_PROFILE before default_profile, and --profile before both", async () => {
  const store = { kind: "s3", bucket: "real", prefix: "v1" };
  const [byVariable] = await resolveIn(FILE, { env: { MLFORGE_PROFILE: "production", PROD_BUCKET: "real" } });
  assert.deepEqual(byVariable.profile, { name: "production", from: "MLFORGE_PROFILE" });
  assert.deepEqual(byVariable.store, store);
  const [byFlag] = await resolveIn(FILE, {
    profile: "production",
    env: { MLFORGE_PROFILE: "dev", PROD_BUCKET: "real" },
  });
  assert.deepEqual(byFlag.profile, { name: "production", from: "--profile" });
  assert.deepEqual(byFlag.store, store);
});

Deno.test("resolveConfig() reads an empty MLFORGE_PROFILE as none", async () => {
  const [config] = await resolveIn(FILE, { env: { MLFORGE_PROFILE: "" } });
  assert.deepEqual(config.profile, { name: "dev", from: "default_profile" });
});

Deno.test("resolveConfig() asks for the variables of the profile in use only", async () => {
  const [config] = await resolveIn(FILE);
  assert.equal(config.store?.kind, "local");
  const error = await refusal(FILE, { profile: "production" });
  assert.equal(
    error.message,
    'Environment variable "PROD_BUCKET" is not set, and "bucket" of the store of profile "production" needs it',
  );
  assert.deepEqual([error.place?.line, error.place?.column], [9, 15]);
  assert.equal(error.place?.text, "      bucket: ${oc.env:PROD_BUCKET}");
});

Deno.test("resolveConfig() looks for mlforge.yaml upwards", async () => {
  const [config, folder] = await resolveIn(FILE, { below: "a/b" });
  assert.equal(config.file, join(folder, "mlforge.yaml"));
  assert.deepEqual(config.store, { kind: "local", path: join(folder, "feature_store") });
});

Deno.test("resolveConfig() takes the nearest mlforge.yaml, and passes folders of that name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const inner = join(folder, "inner", "deep");
    await Deno.mkdir(join(inner, "mlforge.yaml"), { recursive: true });
    await Deno.writeTextFile(join(folder, "mlforge.yaml"), FILE);
    await Deno.writeTextFile(join(folder, "inner", "mlforge.yaml"), FILE);
    const { file } = await resolveConfig({ cwd: inner, env: () => undefined });
    assert.equal(file, join(folder, "inner", "mlforge.yaml"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("resolveConfig() reads the file that --config names, relative to the working folder", async () => {
  const [config, folder] = await resolveIn(FILE, { below: "a", config: "../mlforge.yaml" });
  assert.equal(config.file, join(folder, "mlforge.yaml"));
  const error = await refusal(FILE, { config: "other.yaml" });
  assert.match(error.message, /^Can't read ".*other\.yaml"$/);
});

Deno.test("resolveConfig() finds nothing where there is no mlforge.yaml", async () => {
  const [config] = await resolveIn(undefined);
  assert.deepEqual(config, { profiles: [] });
});

Deno.test("resolveConfig() refuses a profile where there is no mlforge.yaml", async () => {
  const flag = await refusal(undefined, { profile: "dev" });
  assert.match(flag.message, /^Profile "dev" is asked for by --profile, and there is no mlforge\.yaml in /);
  const variable = await refusal(undefined, { env: { MLFORGE_PROFILE: "dev" } });
  assert.match(
    variable.message,
    /^Profile "dev" is asked for by MLFORGE_PROFILE, and there is no mlforge\.yaml in /,
  );
});

Deno.test("resolveConfig() refuses an unknown profile, with the nearest one or all", async () => {
  const near = await refusal(FILE, { profile: "prodution" });
  assert.match(near.message, /^There is no profile "prodution", which --profile names, in /);
  assert.equal(near.hint, 'Did you mean "production"?');
  const none = await refusal(FILE, { env: { MLFORGE_PROFILE: "elsewhere" } });
  assert.match(none.message, /^There is no profile "elsewhere", which MLFORGE_PROFILE names, in /);
  assert.equal(none.hint, "There are: dev, production.");
  const inherited = await refusal(FILE, { profile: "toString" });
  assert.match(inherited.message, /^There is no profile "toString"/);
});

Deno.test("resolveConfig() refuses an unknown default_profile, even where another is asked for", async () => {
  const yaml = FILE.replace("default_profile: dev", "default_profile: dve");
  for (const asked of [{}, { profile: "dev" }]) {
    const error = await refusal(yaml, asked);
    assert.equal(error.message, 'There is no profile "dve", which default_profile names');
    assert.equal(error.hint, 'Did you mean "dev"?');
    assert.deepEqual([error.place?.line, error.place?.column], [1, 18]);
  }
});

Deno.test("resolveConfig() refuses to guess where no profile is chosen", async () => {
  const error = await refusal(FILE.replace("default_profile: dev\n", ""));
  assert.match(error.message, /^No profile is chosen of those in /);
  assert.equal(error.hint, "Choose one by --profile, MLFORGE_PROFILE or default_profile: dev, production.");
});

const STORE = "offline_store: {KIND: local, path: x}";
const WRONG: [string, string, [string, string][]][] = [
  ["an unknown key", `default_profil: dev\nprofiles: {dev: {${STORE}}}`, [
    ["1:1", 'Unknown key "default_profil" in mlforge.yaml'],
  ]],
  [
    "an unknown key in a profile that is not in use",
    `default_profile: dev\nprofiles:\n  dev: {${STORE}}\n  b:\n    ofline_store: {}`,
    [
      ["4:3", 'Key "offline_store" is missing in "profiles.b" of mlforge.yaml'],
      ["5:5", 'Unknown key "ofline_store" in "profiles.b" of mlforge.yaml'],
    ],
  ],
  ["an unknown key in a store", "profiles:\n  dev:\n    offline_store:\n      KIND: local\n      pth: x\n", [
    ["3:5", 'Key "path" is missing in "profiles.dev.offline_store" of mlforge.yaml'],
    ["5:7", 'Unknown key "pth" in "profiles.dev.offline_store" of mlforge.yaml'],
  ]],
  ["no profiles", "default_profile: dev", [["1:1", 'Key "profiles" is missing in mlforge.yaml']]],
  ["empty profiles", "profiles: {}", [["1:11", '"profiles" of mlforge.yaml must hold one profile at least']]],
  ["profiles of nothing", "profiles:", [[
    "1:1",
    '"profiles" of mlforge.yaml must be a mapping, and is empty',
  ]]],
  ["a list of profiles", `profiles:\n- dev: {${STORE}}`, [[
    "2:1",
    '"profiles" of mlforge.yaml must be a mapping, and is a list',
  ]]],
  ["a profile of nothing", "profiles:\n  dev:", [[
    "2:3",
    '"profiles.dev" of mlforge.yaml must be a mapping, and is empty',
  ]]],
  ["a number as default_profile", `default_profile: 1.0\nprofiles: {dev: {${STORE}}}`, [
    ["1:18", '"default_profile" of mlforge.yaml must be text, and is a number'],
  ]],
  ["a profile without a name", `profiles: {"": {${STORE}}}`, [[
    "1:16",
    '"profiles." of mlforge.yaml must not be empty',
  ]]],
  ["a list as the file", "- a", [["1:1", "mlforge.yaml must be a mapping, and is a list"]]],
  ["a duplicate profile", `profiles:\n  dev: {${STORE}}\n  dev: {${STORE}}`, [
    ["3:3", 'Key "dev" stands twice in one mapping'],
  ]],
  ["a secret beside the profiles", `token: x\nprofiles: {dev: {${STORE}}}`, [
    ["1:1", 'Key "token" looks like a secret, and secrets never stand in this file'],
  ]],
  ["broken YAML", "profiles:\n\tdev: 1", [["2:1", "A tab stands in the indentation"]]],
];
for (const [what, yaml, expected] of WRONG) {
  Deno.test(`resolveConfig() refuses ${what}`, async () => {
    const error = await refusal(yaml, { profile: "dev" });
    const told = error.all().map(({ place, message }) => [`${place?.line}:${place?.column}`, message]);
    assert.deepEqual(told, expected);
  });
}

Deno.test("resolveConfig() resolves the project's own mlforge.yaml, in each of its profiles", async () => {
  const env = (name: string) => name.endsWith("BUCKET") ? "bucket" : undefined;
  const cwd = join(import.meta.dirname!, "..", "..");
  const kinds = { dev: "local", staging: "s3", production: "gcs" };
  for (const [profile, kind] of Object.entries(kinds)) {
    const config = await resolveConfig({ cwd, profile, env });
    assert.equal(config.store?.kind, kind);
    assert.deepEqual(config.profiles, Object.keys(kinds));
  }
});
