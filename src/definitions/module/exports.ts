import type { AnyNode } from "acorn";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { Module } from "./modules.ts";
import { addDeclared } from "./scope.ts";

/** Names that a module takes from another one which does not export them. */
export function missingExports(module: Module, find: (file: string) => Module | undefined): MlforgeError[] {
  return module.imports.flatMap(({ target, specifier, names }) => {
    const other = target.kind === "file" ? find(target.file) : undefined;
    if (other === undefined) return [];
    const exported = exportsOf(other, find, new Set());
    return names.filter(({ name }) => !exported.has(name)).map(({ name, start }) =>
      new MlforgeError("usage", `"${specifier}" does not export "${name}"`, {
        place: module.placeAt(start),
        hint: name === "default"
          ? "Give it an export default, or import { names }."
          : suggestName(name, exported),
      })
    );
  });
}

function exportsOf(
  module: Module,
  find: (file: string) => Module | undefined,
  seen: Set<Module>,
): Set<string> {
  const names = new Set<string>();
  if (seen.has(module)) return names;
  seen.add(module);
  for (const node of module.program.body) {
    if (node.type === "ExportDefaultDeclaration") names.add("default");
    if (node.type === "ExportNamedDeclaration") {
      node.specifiers.forEach(({ exported }) => names.add(nameOf(exported)));
      if (node.declaration) addDeclared(node.declaration, names);
    }
    if (node.type !== "ExportAllDeclaration") continue;
    if (node.exported) {
      names.add(nameOf(node.exported));
      continue;
    }
    const from = module.imports.find(({ start }) => start === node.source.start)?.target;
    const other = from?.kind === "file" ? find(from.file) : undefined;
    if (other !== undefined) {
      exportsOf(other, find, seen).forEach((name) => name !== "default" && names.add(name));
    }
  }
  return names;
}

function nameOf(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : node.type === "Literal" ? String(node.value) : "";
}
