import type { AnyNode } from "acorn";
import { dynamicFiles } from "./imports.ts";
import { type Module, Modules } from "./modules.ts";
import { descend, isFunction } from "./nodes.ts";
import { addDeclared, freeNames, isNested } from "./scope.ts";

/**
 * A function's identity: its own text with all that it uses. That is every top-level declaration it names, and what
 * those name in turn; top-level statements about them (`limits.late = 15`); and the whole of each file that they import
 * from. A changed helper changes it, an edit elsewhere in the file does not. Types and their place don't count.
 *
 * Where that can't be told it is the text of all modules: for a function whose code is nowhere in them (bound, made by
 * eval), and for one that was made inside another function, as it may hold on to values of one call.
 */
export async function identityOf(run: (...args: never[]) => unknown, modules: Modules): Promise<string> {
  const code = run.toString();
  const homes = modules.all().flatMap((module) =>
    module.file.endsWith(".json") ? [] : nodesOf(module, code).map((node) => ({ module, node }))
  );
  const pieces = new Set<string>();
  const late = new Set<string>();
  if (homes.length === 0 || homes.some(({ module, node }) => isNested(module.program, node))) {
    for (const module of modules.all()) addModule(module, pieces, late);
  } else {
    for (const { module, node } of homes) collect(module, node, modules, pieces, late);
  }
  await addLate(late, pieces);
  const text = homes[0]?.module.text.slice(homes[0].node.start, homes[0].node.end) ?? code;
  pieces.delete(text);
  // By text, so that moving a helper about changes nothing.
  return [text, ...[...pieces].sort()].join("\n");
}

/** The functions of a module that read exactly so; a method's text begins with its name. */
function nodesOf(module: Module, code: string): AnyNode[] {
  if (!module.rewritten?.code.includes(code)) return [];
  const found: AnyNode[] = [];
  for (const node of descend(module.program)) {
    const isCode = isFunction(node) || node.type === "Property" && node.method ||
      node.type === "MethodDefinition";
    if (isCode && module.rewritten.slice(node.start, node.end) === code) found.push(node);
  }
  return found;
}

function collect(
  module: Module,
  start: AnyNode,
  modules: Modules,
  pieces: Set<string>,
  late: Set<string>,
): void {
  const top = topLevel(module);
  const seen = new Set<AnyNode>();
  const open: AnyNode[] = [start];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pieces.add(module.text.slice(node.start, node.end));
    dynamicFiles(module, node).forEach((file) => late.add(file));
    for (const name of freeNames(node)) {
      open.push(...top.declarations.get(name) ?? []);
      const from = top.imported.get(name);
      if (from !== undefined) addWhole(from, modules, pieces, late, new Set());
      open.push(...top.statements.filter((statement) => statement.names.has(name)).map((s) => s.node));
    }
  }
}

interface TopLevel {
  declarations: Map<string, AnyNode[]>;
  /** Name -> file of the user that it is imported from. */
  imported: Map<string, string>;
  /** Statements that declare nothing, with the names they use. */
  statements: { node: AnyNode; names: Set<string> }[];
}

function topLevel(module: Module): TopLevel {
  const declarations: TopLevel["declarations"] = new Map();
  const statements: TopLevel["statements"] = [];
  for (const statement of module.program.body) {
    if (/^(Import|Export(Default|All))/.test(statement.type)) continue;
    const node = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (!node) continue;
    const parts: AnyNode[] = node.type === "VariableDeclaration" ? node.declarations : [node];
    for (const part of parts) {
      const names = new Set<string>();
      addDeclared(
        part.type === "VariableDeclarator" && node.type === "VariableDeclaration"
          ? { ...node, declarations: [part] }
          : part,
        names,
      );
      for (const name of names) declarations.set(name, [...declarations.get(name) ?? [], part]);
      if (names.size === 0) statements.push({ node: part, names: freeNames(part) });
    }
  }
  const imported = new Map(
    module.imports.flatMap(({ target, locals }) =>
      target.kind === "file" ? locals.map((name) => [name, target.file] as const) : []
    ),
  );
  return { declarations, imported, statements };
}

/** All of a file, and all of those that it imports. */
function addWhole(
  file: string,
  modules: Modules,
  pieces: Set<string>,
  late: Set<string>,
  seen: Set<string>,
): void {
  const module = modules.get(file);
  if (module === undefined || seen.has(file)) return;
  seen.add(file);
  addModule(module, pieces, late);
  for (const { target } of module.imports) {
    if (target.kind === "file") addWhole(target.file, modules, pieces, late, seen);
  }
}

function addModule(module: Module, pieces: Set<string>, late: Set<string>): void {
  pieces.add(module.text);
  dynamicFiles(module, module.program).forEach((file) => late.add(file));
}

/** The whole of files that are imported while the function runs: they are read here, and not run. */
async function addLate(late: Set<string>, pieces: Set<string>): Promise<void> {
  const readers = new Modules();
  // A set grows while it is gone through: the files that late files import late come too.
  for (const file of late) {
    await readers.read(file);
    for (const module of readers.all()) addModule(module, pieces, late);
  }
}
