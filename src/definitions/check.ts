import { dirname } from "../path.ts";
import type { GenericSchema, InferOutput } from "valibot";
import { type MlforgeError, throwAll } from "../error.ts";
import { checkFeature, type Known } from "./check_feature.ts";
import { checkSource, definedOnly } from "./check_source.ts";
import { shapeOf } from "../yaml/shape.ts";
import type { Entity, Project, Source } from "./model.ts";
import { rightName, whyNotName } from "./names.ts";
import type { RawDefinitions } from "./raw.ts";
import { type Reporter, reporter } from "./reporter.ts";
import { FORMS, outlineSchema, type RawEntity, type RawSource } from "./schema.ts";

/**
 * Makes the project of what either form holds. All errors are thrown at once: `earlier` ones, which the loader found,
 * come first. Paths are filled in already, and the store is the caller's.
 */
export function checkDefinitions(raw: RawDefinitions, earlier: readonly MlforgeError[] = []): Project {
  const errors = [...earlier];
  const report = reporter(raw, errors);
  const outline = shapeOf(outlineSchema, raw.value, report, { what: "the definitions" });
  if (outline === undefined) {
    throwAll(errors);
    throw new Error("unreachable: a wrong shape has errors");
  }
  checkName("project", outline.name, report.below("name"));
  const form = FORMS[raw.form];
  const known: Known = {
    sources: each<typeof form.source, Source>(
      "source",
      outline.sources ?? {},
      form.source,
      report.below("sources"),
      (name, one, at) => checkSource(name, one as RawSource, form, at),
    ),
    entities: each(
      "entity",
      outline.entities ?? {},
      form.entity,
      report.below("entities"),
      (name, one, at) => checkEntity(name, one, form, at),
    ),
    features: Object.keys(outline.features),
    form,
  };
  const features = each<typeof form.feature, ReturnType<typeof checkFeature>>(
    "feature",
    outline.features,
    form.feature,
    report.below("features"),
    (name, one, at) => checkFeature(name, one as Parameters<typeof checkFeature>[1], known, at),
  );
  if (Object.keys(outline.features).length === 0 && earlier.length === 0) {
    report.key(["features"], `Project "${outline.name}" has no features`, "Add one.");
  }
  throwAll(errors);
  return {
    name: outline.name,
    root: dirname(raw.file),
    file: raw.file,
    sources: present(known.sources),
    entities: present(known.entities),
    features: present(features),
  };
}

/** Checks what has a name, one by one; what is wrong stands as undefined, so that its name is known still. */
function each<Schema extends GenericSchema, Checked>(
  what: string,
  all: Record<string, unknown>,
  schema: Schema,
  report: Reporter,
  check: (name: string, raw: InferOutput<Schema>, report: Reporter) => Checked,
): Map<string, Checked | undefined> {
  return new Map(
    Object.entries(all).map(([name, one]) => {
      const at = report.below(name);
      checkName(what, name, at);
      const raw = shapeOf(schema, one, at, { what: `${what} "${name}"` });
      return [name, raw === undefined ? undefined : check(name, raw, at)];
    }),
  );
}

function checkName(what: string, name: string, at: Reporter): void {
  const whyNot = whyNotName(name);
  if (whyNot === undefined) return;
  const right = rightName(name);
  const rule = "A name has lower-case letters, digits and single _, a letter first, and at most 64 of them.";
  at.key(
    [],
    `Name "${name}" of a ${what} ${whyNot}`,
    right === undefined ? rule : `Write "${right}". ${rule}`,
  );
}

function checkEntity(
  name: string,
  raw: RawEntity,
  form: { joinKey: string; fromColumns: string },
  report: Reporter,
): Entity {
  const keys = [raw.join_key].flat();
  const columns = raw.from_columns;
  if (columns !== undefined && keys.length > 1) {
    report.at(
      [form.joinKey],
      `Entity "${name}" has ${keys.length} join keys and "${form.fromColumns}"`,
      "A surrogate key is one column.",
    );
  }
  if (columns !== undefined && columns.some((column) => keys.includes(column))) {
    report.at(
      [form.fromColumns],
      `Entity "${name}" makes its key "${keys[0]}" of itself`,
      `Give "${form.joinKey}" a name of its own.`,
    );
  }
  return {
    name,
    keys,
    ...definedOnly({ fromColumns: columns, description: raw.description }),
    place: report.place(),
  };
}

function present<T>(all: ReadonlyMap<string, T | undefined>): T[] {
  return [...all.values()].filter((one) => one !== undefined);
}
