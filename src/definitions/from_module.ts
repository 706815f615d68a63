import { MlforgeError, type Place } from "../error.ts";
import { suggestName } from "../nearest.ts";
import { Definitions, GCSStore, LocalStore, S3Store, writtenOf } from "./authoring.ts";
import type { RawDefinitions } from "./raw.ts";

/**
 * Writes what `definitions.ts` exports down in the shape of YAML, so that one check serves both: sources and entities
 * by name, collected from the features. The place of a part is the call that made it.
 */
export function fromModule(exported: unknown, file: string, errors: MlforgeError[]): RawDefinitions {
  const top: Place = { file, line: 1, column: 1 };
  if (!(exported instanceof Definitions)) {
    throw new MlforgeError("usage", "The module's default export is no Definitions", {
      place: top,
      hint: "End it with: export default new Definitions({ name, features: [...] })",
    });
  }
  const writer = new Writer(exported, errors);
  return { form: "module", file, value: writer.value(), placeOf: (path) => writer.placeOf(path) };
}

type Kind = "sources" | "entities" | "features";
const SINGULAR = { sources: "source", entities: "entity", features: "feature" } as const;
const A = {
  source: "a source",
  entity: "an entity",
  feature: "a feature",
  rolling: "metrics",
  check: "a check",
} as const;

interface Named {
  place: Place;
  written: unknown;
  value: Record<string, unknown>;
  /** Of each part that a call of its own makes, by the feature's key; undefined until the feature is written down. */
  parts?: Record<string, Place[]>;
}

/** Keys of a feature that hold what calls make. */
const PARTS = {
  metrics: { kind: "rolling", call: "rolling({ windows, aggregations })" },
  inputChecks: { kind: "check", call: 'check("not_null", { column })' },
  checks: { kind: "check", call: 'check("not_null", { column })' },
} as const;

class Writer {
  readonly #definitions: Definitions;
  readonly #errors: MlforgeError[];
  readonly #named: Record<Kind, Map<string, Named>> = {
    sources: new Map(),
    entities: new Map(),
    features: new Map(),
  };

  constructor(definitions: Definitions, errors: MlforgeError[]) {
    this.#definitions = definitions;
    this.#errors = errors;
  }

  value(): Record<string, unknown> {
    const { name, features, offlineStore, ...unknown } = asRecord(this.#definitions.options);
    const { place } = this.#definitions;
    if (!Array.isArray(features)) {
      this.#error(`"features" of the Definitions is no list`, place, "Write features: [...].");
    } else {
      features.forEach((one, i) => this.#feature(one, `features[${i}] of the Definitions`, place));
    }
    const store = offlineStore;
    const isStore = store instanceof LocalStore || store instanceof S3Store || store instanceof GCSStore;
    if (store !== undefined && !isStore) {
      this.#error(
        `"offlineStore" of the Definitions is no store`,
        place,
        "Write new LocalStore(path), new S3Store({...}) or new GCSStore({...}).",
      );
    }
    const values = (kind: Kind) =>
      Object.fromEntries([...this.#named[kind]].map(([key, one]) => [key, one.value]));
    for (const key of Object.keys(unknown)) {
      const hint = suggestName(key, ["name", "features", "offlineStore"]);
      this.#error(`Unknown key "${key}" in the definitions`, place, hint);
    }
    return {
      ...(name === undefined ? {} : { name }),
      sources: values("sources"),
      entities: values("entities"),
      features: values("features"),
      ...(isStore ? { offline_store: store.options } : {}),
    };
  }

  placeOf(path: readonly (string | number)[]): Place {
    const [kind, name, part, index] = path;
    const named = this.#named[kind as Kind]?.get(String(name));
    if (named === undefined) return this.#definitions.place;
    return named.parts?.[String(part)]?.[Number(index)] ?? named.place;
  }

  #error(message: string, place: Place, hint?: string): void {
    this.#errors.push(new MlforgeError("usage", message, { place, hint }));
  }

  /** Puts a thing under its name; gives the name, or undefined where it has been reported. */
  #put(kind: Kind, thing: unknown, where: string, from: Place): Named | undefined {
    const singular = SINGULAR[kind];
    const written = writtenOf(thing);
    if (written?.kind !== singular) {
      const made = written === undefined ? "" : `, but ${A[written.kind as keyof typeof A]}`;
      this.#error(`${where} is no ${singular}${made}`, from, `Make it by ${singular}({...}).`);
      return undefined;
    }
    const { name, ...value } = asRecord(written.options);
    if (typeof name !== "string") {
      this.#error(`The ${singular} has no name`, written.place, `Write ${singular}({ name: "...", ... }).`);
      return undefined;
    }
    const other = this.#named[kind].get(name);
    if (other !== undefined) {
      // A function that makes it anew each time gives the same one.
      const same = kind !== "features" && JSON.stringify(other.value) === JSON.stringify(value);
      if (!same && other.written !== thing) {
        const { line, file } = other.place;
        this.#error(
          `There are two of the name "${name}" among ${kind}`,
          written.place,
          `The other one is in line ${line} of ${file}.`,
        );
      }
      if (other.written === thing && kind === "features") {
        this.#error(`Feature "${name}" is listed twice`, from, "Take one away.");
      }
      return other;
    }
    const named: Named = { place: written.place, written: thing, value };
    this.#named[kind].set(name, named);
    return named;
  }

  #feature(thing: unknown, where: string, from: Place): void {
    const named = this.#put("features", thing, where, from);
    if (named === undefined || named.parts !== undefined) return;
    const { source, sources, entities, ...rest } = named.value;
    const feature = `of feature "${this.#nameOf(thing)}"`;
    const before = this.#errors.length;
    const one = (kind: Kind, item: unknown, label: string) => {
      const put = this.#put(kind, item, `${label} ${feature}`, named.place);
      return put === undefined ? [] : [this.#nameOf(item)];
    };
    const list = (kind: Kind, items: unknown, label: string) =>
      Array.isArray(items) ? items.flatMap((item, i) => one(kind, item, `"${label}[${i}]"`)) : items;
    const value: Record<string, unknown> = {
      ...rest,
      ...(source === undefined ? {} : { source: one("sources", source, `"source"`)[0] }),
      ...(sources === undefined ? {} : { sources: list("sources", sources, "sources") }),
      ...(entities === undefined ? {} : { entities: list("entities", entities, "entities") }),
    };
    named.parts = {};
    for (const [key, { kind, call }] of Object.entries(PARTS)) {
      const items = rest[key];
      if (!Array.isArray(items)) continue;
      const places: Place[] = named.parts[key] = [];
      value[key] = items.flatMap((item, i) => {
        const written = writtenOf(item);
        if (written?.kind !== kind) {
          const message = `"${key}[${i}]" ${feature} is not made by ${kind}()`;
          this.#error(message, named.place, `Write ${call}.`);
          return [];
        }
        places.push(written.place);
        return kind === "check" ? this.#check(written.options, feature, written.place) : [written.options];
      });
    }
    // What lacks a part that has been reported would only bring errors that follow from it.
    if (this.#errors.length > before) this.#named.features.delete(this.#nameOf(thing));
    else named.value = value;
  }

  /** With the name of the source that it looks into, which need not be one that any feature reads. */
  #check(options: unknown, feature: string, place: Place): unknown[] {
    const { source, ...rest } = asRecord(options);
    if (source === undefined) return [rest];
    const where = `"source" of a check ${feature}`;
    return this.#put("sources", source, where, place) === undefined
      ? []
      : [{ ...rest, source: this.#nameOf(source) }];
  }

  #nameOf(thing: unknown): string {
    return String(asRecord(writtenOf(thing)?.options)["name"]);
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
