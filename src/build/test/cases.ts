import * as v from "valibot";
import type { Project } from "../../definitions/model.ts";
import { MlforgeError, type Place, throwAll } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import { dirname, join } from "../../path.ts";
import { readYaml } from "../../yaml/read.ts";
import { validate } from "../../yaml/shape.ts";

/** A value as a test writes it; nested ones are for columns of lists and structs. */
export type Value = string | number | boolean | null | Value[] | { [key: string]: Value };
export type Row = Record<string, Value>;

/** Rows written in the test itself, or in a CSV file (absolute path). */
export type Given = { kind: "rows"; rows: Row[] } | { kind: "csv"; file: string };

/** One test of a feature: what its sources hold, and the rows that have to come of it. */
export interface TestCase {
  name: string;
  feature: string;
  /** By source. */
  rows: Record<string, Given>;
  expect: Given;
  /** How far numbers with a fraction may be from what is expected, relative to it. */
  tolerance: number;
  place: Place;
}

const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const rows = v.union([text, v.array(v.record(v.string(), v.unknown()))]);
export const testSchema = v.strictObject({
  cases: v.pipe(
    v.array(v.strictObject({
      name: text,
      feature: text,
      rows: v.record(v.string(), rows),
      expect: rows,
      tolerance: v.optional(v.pipe(v.number(), v.minValue(0, "must be 0 or more"))),
    })),
    v.minLength(1, "must not be empty"),
  ),
});

/** Close enough for sums and means of doubles, far from any other answer. */
const TOLERANCE = 1e-9;

/** Reads the cases of a file; all that is wrong in it is thrown at once. Paths are relative to the file. */
export async function readCases(file: string, project: Project): Promise<TestCase[]> {
  const { value, placeOf } = await readYaml(file);
  const { cases } = validate(testSchema, value, placeOf, { what: "the tests" });
  const given = (written: v.InferOutput<typeof rows>): Given =>
    typeof written === "string"
      ? { kind: "csv", file: join(dirname(file), written) }
      : { kind: "rows", rows: written as Row[] };
  const errors: MlforgeError[] = [];
  const names = project.features.map((feature) => feature.name);
  const read = cases.map((one, i): TestCase => {
    const feature = project.features.find(({ name }) => name === one.feature);
    if (feature === undefined) {
      errors.push(
        new MlforgeError("usage", `Test "${one.name}" is of feature "${one.feature}", which is not defined`, {
          place: placeOf(["cases", i, "feature"], "value"),
          hint: suggestName(one.feature, names),
        }),
      );
    }
    const sources = feature?.sources.map((source) => source.name) ?? [];
    for (const source of feature === undefined ? [] : Object.keys(one.rows)) {
      if (sources.includes(source)) continue;
      errors.push(
        new MlforgeError(
          "usage",
          `Feature "${one.feature}" of test "${one.name}" reads no source "${source}"`,
          {
            place: placeOf(["cases", i, "rows", source], "key"),
            hint: suggestName(source, sources),
          },
        ),
      );
    }
    return {
      name: one.name,
      feature: one.feature,
      rows: Object.fromEntries(Object.entries(one.rows).map(([source, written]) => [source, given(written)])),
      expect: given(one.expect),
      tolerance: one.tolerance ?? TOLERANCE,
      place: placeOf(["cases", i], "value"),
    };
  });
  throwAll(errors);
  return read;
}
