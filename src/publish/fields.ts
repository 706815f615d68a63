import { MlforgeError } from "../error.ts";

export type Fields = Record<string, unknown>;

/** The object that a text holds; `where` names the file and `what` it is, in errors. */
export function objectOf(text: string, where: string, what: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (/^<{7}/m.test(text)) throw inConflict(where, cause);
    throw new MlforgeError("failed", `Can't read ${where}: it is not whole JSON`, {
      hint: `This ${what} is cut short. Restore it from git, or delete the feature's folder and build again.`,
      cause,
    });
  }
  if (!isFields(value)) throw wrong(where, "its top", "an object");
  return value;
}

function inConflict(where: string, cause: unknown): MlforgeError {
  return new MlforgeError("failed", `Can't read ${where}: a merge left its conflict in it`, {
    hint: "Take one side whole, git checkout --ours (or --theirs) with this file, and git add it. " +
      "mlforge build then publishes what the merged definitions and sources give.",
    cause,
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(where: string, field: string, wanted: string): MlforgeError {
  return new MlforgeError("failed", `Can't read ${where}: ${field} is not ${wanted}`, {
    hint: "Restore the file from git, or delete the feature's folder and build again.",
  });
}

/** One JSON object, read field by field; `path` is where it stands in its file. */
export class Reader {
  constructor(readonly fields: Fields, readonly where: string, readonly path = "") {}

  fail(field: string, wanted: string): never {
    throw wrong(this.where, `"${this.path}${field}"`, wanted);
  }

  has(field: string): boolean {
    return Object.hasOwn(this.fields, field) && this.fields[field] !== null;
  }

  text(field: string, absent?: string): string {
    const value = this.has(field) ? this.fields[field] : absent;
    return typeof value === "string" ? value : this.fail(field, "a text");
  }

  textOrNull(field: string): string | null {
    return this.has(field) ? this.text(field) : null;
  }

  count(field: string): number {
    const value = this.fields[field];
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : this.fail(field, "a whole number");
  }

  number(field: string): number {
    const value = this.fields[field];
    return typeof value === "number" && Number.isFinite(value) ? value : this.fail(field, "a number");
  }

  numberOrText(field: string): number | string {
    return typeof this.fields[field] === "string" ? this.text(field) : this.number(field);
  }

  oneOf<T extends string>(field: string, values: readonly T[]): T {
    const said = this.text(field);
    return values.find((v) => v === said) ?? this.fail(field, `one of ${values.join(", ")}`);
  }

  texts(field: string): string[] {
    if (!this.has(field)) return [];
    const value = this.fields[field];
    if (!Array.isArray(value) || !value.every((v) => typeof v === "string")) {
      this.fail(field, "a list of texts");
    }
    return value;
  }

  counts(field: string): number[] {
    const value = this.fields[field];
    const right = Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
    return right ? value : this.fail(field, "a list of whole numbers");
  }

  textMap(field: string): Record<string, string> {
    const inner = this.object(field);
    if (inner === undefined) return {};
    return Object.fromEntries(Object.keys(inner.fields).map((name) => [name, inner.text(name)]));
  }

  object(field: string): Reader | undefined {
    if (!this.has(field)) return undefined;
    const value = this.fields[field];
    return isFields(value)
      ? new Reader(value, this.where, `${this.path}${field}.`)
      : this.fail(field, "an object");
  }

  list(field: string): Reader[] {
    if (!this.has(field)) return [];
    const value = this.fields[field];
    if (!Array.isArray(value)) this.fail(field, "a list");
    return value.map((item: unknown, at) =>
      isFields(item)
        ? new Reader(item, this.where, `${this.path}${field}[${at}].`)
        : this.fail(`${field}[${at}]`, "an object")
    );
  }
}
