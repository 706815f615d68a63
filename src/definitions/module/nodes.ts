import type { AnyNode, Node } from "acorn";

/** The nodes right below a node, in the order of the text. */
export function children(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && typeof (value as Partial<Node>).type === "string";
}

/** A node and all below it. */
export function* descend(node: AnyNode): Generator<AnyNode> {
  yield node;
  for (const child of children(node)) yield* descend(child);
}

export function isFunction(node: AnyNode): boolean {
  return node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}
