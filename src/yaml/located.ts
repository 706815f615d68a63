import type { MlforgeError, Place } from "../error.ts";

/** Keys and indexes that lead from a document's top to a value. */
export type Path = readonly (string | number)[];

/** Finds the place of what a path leads to: its key, or the value itself. */
export type PlaceOf = (path: Path, part: "key" | "value") => Place;

/** A parsed file: its plain value, and where in the text each part of it stands. */
export interface Located {
  file: string;
  /** Strings, numbers, booleans, nulls, arrays and objects. What aliases repeat is one object. */
  value: unknown;
  /**
   * Where `path` stands. Where the path leads beyond what is written (a missing key), the place is that of the nearest
   * part that is there. An item of a list has no key: the item's place is given for both.
   */
  placeOf: PlaceOf;
}

/** Where the key and the value of one entry begin, as offsets into the text, and the entries below it. */
export interface Entry {
  keyAt: number;
  valueAt: number;
  inside?: Map<string | number, Entry>;
}

/** Makes the error about what stands at an offset into the text. */
export type Refuse = (offset: number, message: string, hint: string, cause?: unknown) => MlforgeError;

export function locate(text: string, file: string, value: unknown, root: Entry): Located {
  const place = placer(text, file);
  return {
    file,
    value,
    placeOf(path, part) {
      let entry = root;
      for (const step of path) {
        const next = entry.inside?.get(step);
        // The key of the part that lacks something says more than the beginning of its value.
        if (next === undefined) return place(entry.keyAt);
        entry = next;
      }
      return place(part === "key" ? entry.keyAt : entry.valueAt);
    },
  };
}

/** Turns offsets into lines and columns, both from 1; the lines are found at the first call. Columns are UTF-16 units. */
export function placer(text: string, file: string): (offset: number) => Place {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low]!;
    const end = starts[low + 1] ?? text.length;
    const line = text.slice(start, end).replace(/[\r\n]+$/, "");
    return { file, line: low + 1, column: Math.min(offset - start, line.length) + 1, text: line };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  // Three line ends, as YAML has them.
  for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length);
  return starts;
}
