import { fileURLToPath } from "node:url";
import type { Place } from "../error.ts";

/** Where a frame of a loaded module really lies: from the compiled copy to the file that a person wrote. */
export type Locate = (url: string, line: number, column: number) => Place | undefined;

const locators: Locate[] = [];

/** Lets a loader explain the frames of the copies that it runs. */
export function addLocator(locate: Locate): void {
  locators.push(locate);
}

const FRAME = /(file:\/\/[^\s()]+?):(\d+):(\d+)/g;

function locate(url: string, line: number, column: number): Place | undefined {
  for (const one of locators) {
    const place = one(url, line, column);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Where the caller of `callee` stands, as its author wrote it. */
export function callerPlace(callee: (...args: never[]) => unknown): Place;
export function callerPlace(callee: abstract new (...args: never[]) => unknown): Place;
export function callerPlace(callee: unknown): Place {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, callee as (...args: unknown[]) => unknown);
  const first = [...(holder.stack ?? "").matchAll(FRAME)][0];
  if (first === undefined) return { file: "", line: 1, column: 1 };
  const [, url = "", line, column] = first;
  return locate(url, Number(line), Number(column)) ??
    { file: fileURLToPath(url), line: Number(line), column: Number(column) };
}

/** The first place in a stack that lies in a file of definitions. */
export function thrownPlace(error: unknown): Place | undefined {
  if (!(error instanceof Error)) return undefined;
  for (const [, url = "", line, column] of `${error.message}\n${error.stack ?? ""}`.matchAll(FRAME)) {
    const place = locate(url, Number(line), Number(column));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** A stack, or a message, with the places of the copies replaced by those that a person wrote. */
export function mapStack(stack: string): string {
  return stack.replace(FRAME, (whole, url: string, line: string, column: string) => {
    const place = locate(url, Number(line), Number(column));
    return place === undefined ? whole : `${place.file}:${place.line}:${place.column}`;
  });
}
