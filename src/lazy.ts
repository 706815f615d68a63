/**
 * Imports one of our own modules when it is needed. Deno reads ahead whatever a literal `import()` could load, with all
 * that stands behind it: 12 ms at every start for the command table alone. A specifier that it can't see is not read
 * ahead. `base` is the caller's `import.meta.url`; the type says what comes: `lazily<typeof import("./x.ts")>(...)`.
 */
export function lazily<Module>(specifier: string, base: string): Promise<Module> {
  return import(new URL(specifier, base).href);
}
