import * as v from "valibot";
import { lines, text, texts } from "../texts.ts";
import { DRIFT_MEASURES } from "./model.ts";

/** The shape of one check, as either form writes it; `read.ts` checks what goes beyond shape. */

const number = v.pipe(v.number(), v.finite("must be a finite number"));
/** A number, or a time or decimal as text. */
const bound = v.union([number, text]);
const count = v.pipe(v.number(), v.integer("must be a whole number"), v.minValue(0, "must be 0 or more"));
const column = v.union([text, texts]);
const scalars = v.pipe(
  v.array(v.union([number, v.string(), v.boolean()])),
  v.minLength(1, "must not be empty"),
);

const common = {
  severity: v.optional(v.picklist(["error", "warn"])),
  mostly: v.optional(
    v.pipe(v.number(), v.check((share) => share > 0 && share <= 1, "must be above 0, and at most 1")),
  ),
};

function shape<Kind extends string, Entries extends v.ObjectEntries>(kind: Kind, entries: Entries) {
  return v.strictObject({ check: v.literal(kind), ...entries, ...common });
}

export const checkSchema = v.variant("check", [
  shape("not_null", { column }),
  shape("unique", { column }),
  shape("greater_than", { column, value: bound }),
  shape("greater_than_or_equal", { column, value: bound }),
  shape("less_than", { column, value: bound }),
  shape("less_than_or_equal", { column, value: bound }),
  shape("in_range", { column, min: v.optional(bound), max: v.optional(bound) }),
  shape("matches_regex", { column, pattern: v.pipe(v.string(), v.nonEmpty("must not be empty")) }),
  shape("is_in", { column, values: scalars }),
  shape("not_in", { column, values: scalars }),
  shape("length", { column, min: v.optional(count), max: v.optional(count) }),
  shape("type", { column, type: text }),
  shape("referential", {
    column: text,
    source: v.optional(text),
    feature: v.optional(text),
    references: v.optional(text),
  }),
  shape("drift", {
    column,
    measure: v.picklist(DRIFT_MEASURES),
    threshold: v.pipe(number, v.minValue(0, "must be 0 or more")),
    against: v.optional(text),
  }),
  shape("row_count", { min: v.optional(count), max: v.optional(count) }),
  shape("unique_key", { columns: v.optional(texts) }),
  shape("fresh", { within: text }),
  shape("not_in_future", { column: v.optional(text) }),
  shape("sql", { expression: lines }),
]);

export type RawCheck = v.InferOutput<typeof checkSchema>;
export type RawCheckKind = RawCheck["check"];

/** What a feature says of single columns beside its checks. */
export const columnsSchema = v.record(text, v.strictObject({ statistics: v.boolean() }));
