import * as v from "valibot";
import { storeSchema } from "../profile/schema.ts";
import { AGGREGATIONS } from "./model.ts";
import type { TransformFunction } from "./model.ts";

/**
 * What stands in definitions, by shape. Both forms are checked by it: YAML as it is written, TypeScript as
 * `from_module.ts` writes it down. What goes beyond shape is in check.ts.
 */

/** Text of at least one character, without control characters: they could fool a terminal or a file system. */
const text = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  // deno-lint-ignore no-control-regex
  v.regex(/^[^\u0000-\u001f\u007f]*$/u, "must not hold control characters"),
);
const lines = v.pipe(v.string(), v.regex(/\S/, "must not be empty"));
const texts = v.pipe(
  v.array(text),
  v.minLength(1, "must not be empty"),
  v.check((all) => new Set(all).size === all.length, "must not name anything twice"),
);

export const sourceSchema = v.strictObject({
  path: text,
  format: v.optional(v.picklist(["parquet", "csv", "json"])),
  delimiter: v.optional(v.pipe(v.string(), v.length(1, "must be one character"))),
  header: v.optional(v.boolean()),
  types: v.optional(v.record(text, text)),
  timezone: v.optional(text),
  fold: v.optional(v.picklist(["first", "last"])),
  watermark: v.optional(text),
  description: v.optional(lines),
});

const joinKey = v.union([text, texts]);
const yamlEntity = v.strictObject({
  join_key: joinKey,
  from_columns: v.optional(texts),
  description: v.optional(lines),
});
const moduleEntity = v.pipe(
  v.strictObject({ joinKey, fromColumns: v.optional(texts), description: v.optional(lines) }),
  v.transform(({ joinKey: join_key, fromColumns, ...rest }): v.InferOutput<typeof yamlEntity> => ({
    join_key,
    ...(fromColumns === undefined ? {} : { from_columns: fromColumns }),
    ...rest,
  })),
);

const metrics = v.array(v.strictObject({
  windows: texts,
  aggregations: v.pipe(
    v.record(
      text,
      v.pipe(
        v.array(v.picklist(AGGREGATIONS)),
        v.minLength(1, "must not be empty"),
        v.check((all) => new Set(all).size === all.length, "must not name anything twice"),
      ),
    ),
    v.check((all) => Object.keys(all).length > 0, "must not be empty"),
  ),
}));

const featureEntries = {
  source: v.optional(text),
  sources: v.optional(texts),
  entities: v.optional(texts),
  keys: v.optional(texts),
  sql: v.optional(lines),
  timestamp: v.optional(v.union([text, v.strictObject({ column: text, format: v.optional(text) })])),
  interval: v.optional(text),
  metrics: v.optional(v.pipe(metrics, v.minLength(1, "must not be empty"))),
  tag: v.optional(text),
  tags: v.optional(v.array(text)),
  description: v.optional(lines),
  owner: v.optional(text),
  threads: v.optional(
    v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(1, "must be 1 or more")),
  ),
};
const yamlFeature = v.strictObject(featureEntries);
const moduleFeature = v.strictObject({ ...featureEntries, transform: v.optional(v.function()) });

export type RawSource = v.InferOutput<typeof sourceSchema>;
export type RawEntity = v.InferOutput<typeof yamlEntity>;
export type RawFeature = v.InferOutput<typeof yamlFeature> & { transform?: TransformFunction };

/** How the two forms write what differs between them. */
export const FORMS = {
  yaml: { entity: yamlEntity, feature: yamlFeature, joinKey: "join_key", fromColumns: "from_columns" },
  module: { entity: moduleEntity, feature: moduleFeature, joinKey: "joinKey", fromColumns: "fromColumns" },
} as const;
export type Form = keyof typeof FORMS;

/** The outline: what has a name comes one by one, so that an error in one hides none in another. */
export const outlineSchema = v.strictObject({
  name: text,
  sources: v.optional(v.record(v.string(), v.unknown())),
  entities: v.optional(v.record(v.string(), v.unknown())),
  features: v.record(v.string(), v.unknown()),
  offline_store: v.optional(v.unknown()),
});

/** The whole of definitions.yaml, for `mlforge schema`. */
export const yamlSchema = v.strictObject({
  name: text,
  sources: v.optional(v.record(v.string(), sourceSchema)),
  entities: v.optional(v.record(v.string(), yamlEntity)),
  features: v.record(v.string(), yamlFeature),
  offline_store: v.optional(storeSchema),
});
