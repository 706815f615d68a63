import * as v from "valibot";

/** Text of at least one character, without control characters: they could fool a terminal or a file system. */
const text = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  v.regex(/^\P{Cc}*$/u, "must not hold control characters"),
);

/** A value that is checked when its variables are filled in: `${...}` passes here, and storeSchema is run again. */
function value(description: string, right: (written: string) => boolean, message: string) {
  return v.pipe(
    text,
    v.check((one) => one.includes("${") || right(one), message),
    v.description(description),
  );
}

/** An address of a bucket or a path in its place is the usual mistake. */
const bucket = value(
  "The bucket's name",
  (one) => /^[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]$/.test(one),
  "must be a bucket's name alone, without an address or a folder",
);

const prefix = v.pipe(
  v.string(),
  v.check(
    (one) => one.includes("${") || isPrefix(one),
    'must be folders joined by "/", none of them empty, "." or ".."',
  ),
  v.description("The folder inside of the bucket; the whole bucket by default"),
);

const endpoint = v.pipe(
  v.string(),
  v.check(
    (one) => one === "" || one.includes("${") || isEndpoint(one),
    "must be an address such as https://minio.example.com:9000, without a user or a query",
  ),
  v.description("Another address than the provider's own: for MinIO, Cloudflare R2, Ceph, an emulator"),
);

const insecure = v.pipe(
  v.boolean(),
  v.description(
    "Allows an endpoint by plain http that is not on this machine: others on the way can read and change all",
  ),
);

const local = v.strictObject({
  KIND: v.literal("local"),
  path: value(
    "The store's folder, relative to this file",
    (one) => !one.startsWith("~"),
    'must not begin with "~", which only a shell fills in: write ${oc.env:HOME}',
  ),
});

const s3 = v.strictObject({
  KIND: v.literal("s3"),
  bucket,
  prefix: v.optional(prefix),
  region: v.optional(v.pipe(
    v.string(),
    v.check((one) => one.includes("${") || /^[a-z0-9-]*$/.test(one), 'must be a region such as "us-west-2"'),
    v.description("The bucket's region; else AWS_REGION, AWS_DEFAULT_REGION or the AWS profile's"),
  )),
  endpoint: v.optional(endpoint),
  path_style: v.optional(v.pipe(
    v.boolean(),
    v.description("Puts the bucket into the path, not into the host's name: most servers but AWS want it"),
  )),
  insecure: v.optional(insecure),
});

const gcs = v.strictObject({
  KIND: v.literal("gcs"),
  bucket,
  prefix: v.optional(prefix),
  endpoint: v.optional(endpoint),
  insecure: v.optional(insecure),
});

/** An offline store, in a profile or in definitions. */
export const storeSchema = v.variant("KIND", [local, s3, gcs]);
export type WrittenStore = v.InferOutput<typeof storeSchema>;

const keep = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1, "must be a whole number above zero"),
  v.description("How many versions of each feature mlforge gc keeps; all by default"),
);

/** The whole of mlforge.yaml. */
export const fileSchema = v.strictObject({
  default_profile: v.optional(
    v.pipe(text, v.description("The profile in use where neither --profile nor MLFORGE_PROFILE names one")),
  ),
  definitions: v.optional(
    v.pipe(
      text,
      v.description("The definitions, relative to this file; else definitions.ts, .js or .yaml beside it"),
    ),
  ),
  profiles: v.pipe(
    v.record(text, v.strictObject({ offline_store: storeSchema, keep: v.optional(keep) })),
    v.check((all) => Object.keys(all).length > 0, "must hold one profile at least"),
    v.description("The places that features are published to, by name"),
  ),
});

function isEndpoint(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, username, password, search, hash } = new URL(written);
  return /^https?:$/.test(protocol) && username + password + search + hash === "";
}

/** Slashes at the ends are for taste. */
function isPrefix(written: string): boolean {
  const folders = written.replace(/^\/+|\/+$/g, "");
  return folders === "" ||
    (folders.length <= 512 &&
      folders.split("/").every((folder) => /^[^\p{Cc}\\]+$/u.test(folder) && !/^\.\.?$/.test(folder)));
}
