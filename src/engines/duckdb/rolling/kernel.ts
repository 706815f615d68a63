import type { DuckDBResult } from "@duckdb/node-api";
import { rawColumn } from "../chunk.ts";
import { growingIntegers } from "./growing.ts";
import type { Lane, State } from "./layout.ts";
import type { ResultTable } from "./result_table.ts";
import type { Frame } from "./windows.ts";

export interface KernelPlan {
  /** Physical widths of the key columns, which come first in the stream and in the result. */
  keyWidths: number[];
  lanes: Lane[];
  states: State[];
  /** Windows in intervals, ascending, without repetition. */
  windows: number[];
  /** The last bucket end that is written, counted in intervals. */
  last: number;
}

/**
 * Turns a stream, sorted by keys and bucket end (INTEGER, counted in intervals), into the result table: for each key a row
 * at every stamp where a row enters or leaves a window, up to the last stamp. Only one key's rows are held at a time.
 * Gives the number of rows written.
 */
export async function runKernel(
  stream: DuckDBResult,
  plan: KernelPlan,
  result: ResultTable,
  onRows: (rows: number) => void,
): Promise<number> {
  const group = newGroup(plan, result);
  const key = plan.keyWidths.map((width) => new Uint8Array(width));
  let started = false;
  for (;;) {
    const chunk = await stream.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const rows = chunk.rowCount;
    const keys = plan.keyWidths.map((width, i) => rawColumn(chunk, i, width).data);
    const ends = int32(rawColumn(chunk, keys.length, 4).data);
    const lanes = plan.lanes.map(({ type }, i) => {
      const { data } = rawColumn(chunk, keys.length + 1 + i, type === "DOUBLE" ? 8 : 4);
      return type === "DOUBLE" ? new Float64Array(data.buffer, data.byteOffset, rows) : int32(data);
    });
    const borders = keyBorders(keys, plan.keyWidths, rows);
    let from = 0;
    for (const border of [...borders, rows]) {
      // The first row of a chunk may go on with the last key of the one before.
      const fresh = from > 0 || !started || keys.some((bytes, i) => differs(bytes, key[i]!));
      if (fresh) {
        if (started) group.finish(key);
        keys.forEach((bytes, i) =>
          key[i]!.set(bytes.subarray(from * key[i]!.length, (from + 1) * key[i]!.length))
        );
        started = true;
      }
      group.take(ends, lanes, from, border);
      from = border;
    }
    onRows(group.written());
  }
  if (started) group.finish(key);
  return group.written();
}

function int32(data: Uint8Array): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);
}

function differs(bytes: Uint8Array, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (bytes[i] !== key[i]) return true;
  return false;
}

/** Rows of a chunk at which another key begins, the first row apart. */
function keyBorders(keys: readonly Uint8Array[], widths: readonly number[], rows: number): number[] {
  const marks = new Uint8Array(rows);
  keys.forEach((bytes, k) => {
    const width = widths[k]!;
    // Whole words are compared where the width allows it.
    const words = width % 4 === 0 ? int32(bytes) : bytes;
    const step = width % 4 === 0 ? width / 4 : width;
    for (let row = 1, at = step; row < rows; row++) {
      for (let i = 0; i < step; i++, at++) if (words[at] !== words[at - step]) marks[row] = 1;
    }
  });
  const borders: number[] = [];
  for (let row = 1; row < rows; row++) if (marks[row] === 1) borders.push(row);
  return borders;
}

/** The rows of one key, and what becomes of them. */
function newGroup(plan: KernelPlan, result: ResultTable) {
  const ends = growingIntegers();
  const stampEnds = growingIntegers();
  const high = growingIntegers();
  const lows = plan.windows.map(() => growingIntegers());
  const expired = new Int32Array(plan.windows.length);
  const frames: Frame[] = plan.windows.map(() => ({ stamps: 0, low: high.array, high: high.array }));
  const frameOf = plan.states.map(({ window }) => plan.windows.indexOf(window));
  let count = 0;
  let written = 0;

  /** Finds all stamps of the key and which rows each window holds at them; gives their number. */
  const findStamps = (): number => {
    const most = count * (plan.windows.length + 1);
    for (const growing of [stampEnds, high, ...lows]) growing.reserve(most);
    const [rows, at, upTo] = [ends.array, stampEnds.array, high.array];
    expired.fill(0);
    let [stamps, entered] = [0, 0];
    for (;;) {
      let stamp = entered < count ? rows[entered]! : plan.last + 1;
      for (let w = 0; w < plan.windows.length; w++) {
        const i = expired[w]!;
        if (i < count && rows[i]! + plan.windows[w]! < stamp) stamp = rows[i]! + plan.windows[w]!;
      }
      if (stamp > plan.last) return stamps;
      while (entered < count && rows[entered]! <= stamp) entered++;
      for (let w = 0; w < plan.windows.length; w++) {
        let i = expired[w]!;
        while (i < entered && rows[i]! + plan.windows[w]! <= stamp) i++;
        expired[w] = i;
        lows[w]!.array[stamps] = i;
      }
      at[stamps] = stamp;
      upTo[stamps] = entered;
      stamps++;
    }
  };

  return {
    written: () => written,
    take(
      chunkEnds: Int32Array,
      chunkLanes: readonly (Float64Array | Int32Array)[],
      from: number,
      to: number,
    ): void {
      ends.reserve(count + to - from);
      ends.array.set(chunkEnds.subarray(from, to), count);
      plan.lanes.forEach(({ rows }, i) => {
        rows.reserve(count + to - from);
        rows.array.set(chunkLanes[i]!.subarray(from, to), count);
      });
      count += to - from;
    },
    finish(key: readonly Uint8Array[]): void {
      const stamps = findStamps();
      frames.forEach((frame, w) => {
        frame.stamps = stamps;
        frame.low = lows[w]!.array;
        frame.high = high.array;
      });
      plan.states.forEach(({ aggregator, stamps: out }, i) => {
        out.reserve(stamps);
        aggregator.run(frames[frameOf[i]!]!);
      });
      for (let from = 0; from < stamps;) {
        const part = Math.min(stamps - from, result.room());
        key.forEach((bytes, i) => result.repeat(i, bytes, part));
        result.put(key.length, stampEnds.array, from, part);
        plan.states.forEach(({ stamps: out }, i) => result.put(key.length + 1 + i, out.array, from, part));
        result.advance(part);
        from += part;
      }
      written += stamps;
      count = 0;
    },
  };
}
