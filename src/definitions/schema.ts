import * as v from "valibot";
import { storeSchema } from "../profile/schema.ts";
import { checkSchema, columnsSchema } from "./checks/schema.ts";
import { AGGREGATIONS } from "./model.ts";
import type { TransformFunction } from "./model.ts";
import { lines, text, texts } from "./texts.ts";

/**
 * What stands in definitions, by shape. Both forms are checked by it: YAML as it is written, TypeScript as
 * `from_module.ts` writes it down. What goes beyond shape is in check.ts.
 */

const sourceEntries = {
  path: text,
  format: v.optional(v.picklist(["parquet", "csv", "json"])),
  delimiter: v.optional(v.pipe(v.string(), v.length(1, "must be one character"))),
  header: v.optional(v.boolean()),
  types: v.optional(v.record(text, text)),
  timezone: v.optional(text),
  fold: v.optional(v.picklist(["first", "last"])),
  watermark: v.optional(text),
  description: v.optional(lines),
};
const yamlSource = v.strictObject({
  ...sourceEntries,
  known_at: v.optional(text),
  row_id: v.optional(text),
});
const moduleSource = v.pipe(
  v.strictObject({ ...sourceEntries, knownAt: v.optional(text), rowId: v.optional(text) }),
  v.transform(({ knownAt, rowId, ...rest }): v.InferOutput<typeof yamlSource> => ({
    ...rest,
    ...(knownAt === undefined ? {} : { known_at: knownAt }),
    ...(rowId === undefined ? {} : { row_id: rowId }),
  })),
);

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

const checks = v.optional(v.pipe(v.array(checkSchema), v.minLength(1, "must not be empty")));

const featureEntries = {
  source: v.optional(text),
  sources: v.optional(texts),
  entities: v.optional(texts),
  keys: v.optional(texts),
  sql: v.optional(lines),
  timestamp: v.optional(v.union([text, v.strictObject({ column: text, format: v.optional(text) })])),
  interval: v.optional(text),
  metrics: v.optional(v.pipe(metrics, v.minLength(1, "must not be empty"))),
  checks,
  columns: v.optional(columnsSchema),
  tag: v.optional(text),
  tags: v.optional(v.array(text)),
  description: v.optional(lines),
  owner: v.optional(text),
  threads: v.optional(
    v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(1, "must be 1 or more")),
  ),
};
const yamlFeature = v.strictObject({ ...featureEntries, input_checks: checks });
const moduleFeature = v.pipe(
  v.strictObject({ ...featureEntries, inputChecks: checks, transform: v.optional(v.function()) }),
  v.transform(({ inputChecks, ...rest }) => ({
    ...rest,
    ...(inputChecks === undefined ? {} : { input_checks: inputChecks }),
  })),
);

export type RawSource = v.InferOutput<typeof yamlSource>;
export type RawEntity = v.InferOutput<typeof yamlEntity>;
export type RawFeature = v.InferOutput<typeof yamlFeature> & { transform?: TransformFunction };

/** How the two forms write what differs between them. */
export const FORMS = {
  yaml: {
    source: yamlSource,
    entity: yamlEntity,
    feature: yamlFeature,
    knownAt: "known_at",
    rowId: "row_id",
    joinKey: "join_key",
    fromColumns: "from_columns",
    inputChecks: "input_checks",
  },
  module: {
    source: moduleSource,
    entity: moduleEntity,
    feature: moduleFeature,
    knownAt: "knownAt",
    rowId: "rowId",
    joinKey: "joinKey",
    fromColumns: "fromColumns",
    inputChecks: "inputChecks",
  },
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
  sources: v.optional(v.record(v.string(), yamlSource)),
  entities: v.optional(v.record(v.string(), yamlEntity)),
  features: v.record(v.string(), yamlFeature),
  offline_store: v.optional(storeSchema),
});
