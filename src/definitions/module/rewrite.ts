import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { AnyNode } from "acorn";
import type { Place } from "../../error.ts";
import type { Import } from "./imports.ts";
import { descend } from "./nodes.ts";
import type { Stripped } from "./strip.ts";

interface Edit {
  start: number;
  end: number;
  text: string;
}

/** A module ready to be run from another folder, and the way back from its positions. */
export interface Rewritten {
  code: string;
  /** What a part of the text, from one offset to another, reads like in `code`. */
  slice(start: number, end: number): string;
  /** Line and column (from 1) of `code` -> the user's file. */
  placeOf(line: number, column: number): Place;
}

/**
 * Points imports at the copies in the private folder, `import.meta` at the user's file, and `import()` at the loader,
 * which copies what it names at that time. Lines stay.
 */
export function rewrite(
  module: Stripped,
  imports: readonly Import[],
  url: (one: Import) => string,
  dynamicImport: string,
): Rewritten {
  const edits: Edit[] = [];
  for (const one of imports) {
    edits.push({ start: one.start, end: one.end, text: JSON.stringify(url(one)) });
    if (one.attributes) {
      const [start, end] = one.attributes;
      edits.push({ start, end, text: module.text.slice(start, end).replace(/[^\n]/g, "") });
    }
  }
  for (const node of descend(module.program)) edits.push(...editsInside(node, module.file, dynamicImport));
  edits.sort((a, b) => a.start - b.start);
  return {
    code: apply(module.text, edits, 0, module.text.length),
    slice: (start, end) => apply(module.text, edits, start, end),
    placeOf: back(module, edits),
  };
}

function editsInside(node: AnyNode, file: string, dynamicImport: string): Edit[] {
  if (node.type === "ImportExpression") {
    return [{ start: node.start, end: node.start + "import".length, text: dynamicImport }];
  }
  if (node.type !== "MetaProperty" || node.meta.name !== "import") return [];
  const meta = { url: pathToFileURL(file).href, filename: file, dirname: dirname(file), main: false };
  return [{ start: node.start, end: node.end, text: `(${JSON.stringify(meta)})` }];
}

function apply(text: string, edits: readonly Edit[], from: number, to: number): string {
  let code = "";
  let last = from;
  for (const { start, end, text: instead } of edits) {
    if (start < from || end > to) continue;
    code += text.slice(last, start) + instead;
    last = end;
  }
  return code + text.slice(last, to);
}

function back(module: Stripped, edits: readonly Edit[]): Rewritten["placeOf"] {
  const lineStarts = [0, ...[...module.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (line, column) => {
    const start = lineStarts[line - 1] ?? 0;
    const next = lineStarts[line] ?? module.text.length + 1;
    let shift = 0;
    for (const edit of edits) {
      if (edit.start < start || edit.start >= next) continue;
      const position = edit.start - start + shift;
      if (column - 1 <= position) break;
      if (column - 1 < position + edit.text.length) return module.placeOf(line, edit.start - start + 1);
      shift += edit.text.length - (edit.end - edit.start);
    }
    return module.placeOf(line, column - shift);
  };
}
