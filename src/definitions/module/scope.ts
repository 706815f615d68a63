import type { AnyNode, Pattern } from "acorn";
import { children, descend, isFunction } from "./nodes.ts";

/** Names that a piece of code uses and does not declare itself: what it takes from around it. */
export function freeNames(node: AnyNode): Set<string> {
  const free = new Set<string>();
  visit(node, [], free);
  return free;
}

type Scopes = readonly ReadonlySet<string>[];

function visit(node: AnyNode, scopes: Scopes, free: Set<string>): void {
  if (node.type === "Identifier") {
    if (!scopes.some((scope) => scope.has(node.name))) free.add(node.name);
    return;
  }
  const declared = declaredBy(node);
  const inner = declared.size === 0 ? scopes : [...scopes, declared];
  for (const child of children(node)) {
    if (!isPlainName(node, child)) visit(child, inner, free);
  }
}

/** A name that is no reference: `b` of `a.b` and of `{ b: 1 }`, a label. A shorthand's value still is one. */
function isPlainName(parent: AnyNode, child: AnyNode): boolean {
  switch (parent.type) {
    case "MemberExpression":
      return child === parent.property && !parent.computed;
    case "Property":
      return child === parent.key && !parent.computed && !parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
      return child === parent.key && !parent.computed;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return child === parent.label;
    case "ExportSpecifier":
      return child === parent.exported && child !== parent.local;
    case "MetaProperty":
      return true;
    default:
      return false;
  }
}

function declaredBy(node: AnyNode): Set<string> {
  const names = new Set<string>();
  if (isFunction(node)) {
    if ("id" in node && node.id?.type === "Identifier" && node.type === "FunctionExpression") {
      names.add(node.id.name);
    }
    if ("params" in node) node.params.forEach((param) => addNames(param as Pattern, names));
    names.add("arguments");
    addVars(node, names);
  } else if (node.type === "ClassExpression") {
    if (node.id) names.add(node.id.name);
  } else if (node.type === "CatchClause") {
    if (node.param) addNames(node.param, names);
  } else if (
    node.type === "ForStatement" || node.type === "ForInStatement" || node.type === "ForOfStatement"
  ) {
    const head = node.type === "ForStatement" ? node.init : node.left;
    if (head?.type === "VariableDeclaration") head.declarations.forEach((d) => addNames(d.id, names));
  } else if (node.type === "BlockStatement" || node.type === "StaticBlock") {
    node.body.forEach((statement) => addDeclared(statement, names));
  } else if (node.type === "SwitchStatement") {
    node.cases.flatMap((one) => one.consequent).forEach((statement) => addDeclared(statement, names));
  }
  return names;
}

/** Names that a statement declares for the block it stands in. */
export function addDeclared(statement: AnyNode, names: Set<string>): void {
  if (statement.type === "VariableDeclaration") statement.declarations.forEach((d) => addNames(d.id, names));
  if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration") {
    if (statement.id) names.add(statement.id.name);
  }
}

/** Names of `var`s, which belong to the whole function wherever they stand in it. */
function addVars(owner: AnyNode, names: Set<string>): void {
  for (const child of children(owner)) {
    if (isFunction(child)) continue;
    if (child.type === "VariableDeclaration" && child.kind === "var") addDeclared(child, names);
    addVars(child, names);
  }
}

/** Names that a pattern binds: those of `{ a, b: [c], ...d }` are a, c and d. */
function addNames(pattern: AnyNode, names: Set<string>): void {
  switch (pattern.type) {
    case "Identifier":
      names.add(pattern.name);
      break;
    case "ObjectPattern":
      for (const part of pattern.properties) {
        addNames(part.type === "Property" ? part.value : part.argument, names);
      }
      break;
    case "ArrayPattern":
      for (const part of pattern.elements) if (part) addNames(part, names);
      break;
    case "AssignmentPattern":
      addNames(pattern.left, names);
      break;
    case "RestElement":
      addNames(pattern.argument, names);
      break;
  }
}

/** Whether code stands inside a function: then what it takes from around it may differ from call to call. */
export function isNested(program: AnyNode, target: AnyNode): boolean {
  for (const node of descend(program)) {
    if (node === target || !isFunction(node)) continue;
    if (node.start <= target.start && target.end <= node.end) return true;
  }
  return false;
}
