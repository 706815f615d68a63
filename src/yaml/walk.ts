import type { Path } from "./located.ts";

/** The parts of a valibot schema that lead to the schemas below it. */
export interface Walkable {
  type: string;
  wrapped?: Walkable;
  entries?: Record<string, Walkable>;
  value?: Walkable;
  item?: Walkable;
  /** A union's or variant's ways; a picklist's names. */
  options?: readonly unknown[];
  /** A variant's key that decides. */
  key?: unknown;
  literal?: unknown;
}

/** The schemas that a value at a path can have: several below a union; the one that a variant's key names. */
export function schemasAt(schema: unknown, value: unknown, path: Path): Walkable[] {
  const one = schema as Walkable;
  if (one.wrapped !== undefined) return schemasAt(one.wrapped, value, path);
  const [step, ...rest] = path;
  if (one.type === "union") return one.options!.flatMap((option) => schemasAt(option, value, path));
  if (one.type === "variant") {
    const ways = one.options as Walkable[];
    const key = String(one.key);
    const chosen = ways.filter((way) => way.entries?.[key]?.literal === valueAt(value, [key]));
    return (chosen.length > 0 ? chosen : ways).flatMap((way) => schemasAt(way, value, path));
  }
  if (step === undefined) return [one];
  const next = one.entries?.[step] ?? one.value ?? one.item;
  return next === undefined ? [] : schemasAt(next, valueAt(value, [step]), rest);
}

/** The names that a schema of names allows. */
export function namesOf({ type, options, literal }: Walkable): string[] {
  const names = type === "picklist" ? options ?? [] : [literal];
  return names.filter((name) => typeof name === "string");
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce(
    (at: unknown, step) => (at as Record<string | number, unknown> | null | undefined)?.[step],
    value,
  );
}
