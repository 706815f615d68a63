import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { AnyNode } from "acorn";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import { descend } from "./nodes.ts";
import type { Stripped } from "./strip.ts";

/** Extensions of modules that definitions may import. */
export const EXTENSIONS = [".ts", ".js", ".mjs", ".json"];

/** What an import names: mlforge itself, a part of the platform, or another file of the user. */
export type Target = { kind: "mlforge" } | { kind: "node"; name: string } | { kind: "file"; file: string };

/** A static import, or export-from, of a module. */
export interface Import {
  target: Target;
  /** As written. */
  specifier: string;
  /** Offsets of the specifier's literal in the text. */
  start: number;
  end: number;
  /** Offsets of `with { ... }`, where there is one. */
  attributes?: [number, number];
  /** Names that it binds in the module. */
  locals: string[];
  /** Names that it takes from the other module. */
  names: { name: string; start: number }[];
}

/** The static imports of a module, in order. What can't be imported goes to `errors`. */
export function readImports(module: Stripped, errors: MlforgeError[]): Import[] {
  const found: Import[] = [];
  for (const node of module.program.body) {
    if (
      node.type !== "ImportDeclaration" && node.type !== "ExportAllDeclaration" &&
      node.type !== "ExportNamedDeclaration"
    ) continue;
    if (node.source === null || node.source === undefined || typeof node.source.value !== "string") continue;
    const { value, start, end } = node.source;
    try {
      const target = resolveImport(value, module.file);
      const attributes = /^\s*with\s*\{[^}]*\}/.exec(module.text.slice(end, node.end));
      found.push({
        target,
        specifier: value,
        start,
        end,
        ...(attributes === null ? {} : { attributes: [end, end + attributes[0].length] as [number, number] }),
        ...namesOf(node),
      });
    } catch (cause) {
      errors.push(placed(cause, module, start));
    }
  }
  return found;
}

function namesOf(node: AnyNode): Pick<Import, "locals" | "names"> {
  const locals: string[] = [];
  const names: Import["names"] = [];
  const specifiers = "specifiers" in node ? node.specifiers : [];
  for (const one of specifiers) {
    const outer = one.type === "ImportSpecifier"
      ? one.imported
      : one.type === "ExportSpecifier"
      ? one.local
      : one;
    if (one.type !== "ExportSpecifier") locals.push(one.local.name);
    if (outer.type === "Identifier") names.push({ name: outer.name, start: outer.start });
    if (outer.type === "ImportDefaultSpecifier") names.push({ name: "default", start: outer.start });
  }
  return { locals, names };
}

/** Files of the user that a part of a module imports while it runs, as far as they are written as text. */
export function dynamicFiles(module: Stripped, part: AnyNode): string[] {
  const files: string[] = [];
  for (const node of descend(part)) {
    if (node.type !== "ImportExpression" || node.source.type !== "Literal") continue;
    if (typeof node.source.value !== "string") continue;
    try {
      const target = resolveImport(node.source.value, module.file);
      if (target.kind === "file") files.push(target.file);
    } catch (cause) {
      throw placed(cause, module, node.source.start);
    }
  }
  return files;
}

/** Finds what a specifier means for the module in `from`; refuses what can't be resolved outside a package. */
export function resolveImport(specifier: string, from: string): Target {
  if (specifier === "mlforge") return { kind: "mlforge" };
  if (specifier.startsWith("node:")) return { kind: "node", name: specifier };
  const isFile = /^(\.{1,2}\/|\/|file:)/.test(specifier);
  if (!isFile) {
    throw new MlforgeError("usage", `Can't import "${specifier}" in definitions`, {
      hint:
        `Import relative files ("./..."), "node:..." or "mlforge"; the mlforge binary has no packages to look in.${
          specifier.includes("arrow")
            ? ` A feature's function gets apache-arrow as "arrow" of its second argument.`
            : ""
        }`,
    });
  }
  const file = specifier.startsWith("file:")
    ? fileURLToPath(specifier)
    : resolve(dirname(from), decodeURI(specifier));
  if (!EXTENSIONS.includes(extname(file)) || !existsSync(file)) throw noFile(specifier, file);
  return { kind: "file", file };
}

function noFile(specifier: string, file: string): MlforgeError {
  const extension = EXTENSIONS.find((one) => existsSync(file + one));
  if (extension !== undefined) {
    return new MlforgeError("usage", `Can't import "${specifier}": it has no extension`, {
      hint: `Write "${specifier}${extension}".`,
    });
  }
  if (existsSync(file)) {
    return new MlforgeError("usage", `Can't import "${specifier}" in definitions`, {
      hint: `Definitions import ${EXTENSIONS.join(", ")}.`,
    });
  }
  const folder = dirname(file);
  const beside = existsSync(folder)
    ? readdirSync(folder).filter((name) => EXTENSIONS.includes(extname(name)))
    : [];
  return new MlforgeError("usage", `Can't import "${specifier}": there is no such file`, {
    hint: suggestName(basename(file), beside),
  });
}

function placed(cause: unknown, module: Stripped, offset: number): MlforgeError {
  if (!(cause instanceof MlforgeError)) throw cause;
  return new MlforgeError(cause.code, cause.message, { hint: cause.hint, place: module.placeAt(offset) });
}
