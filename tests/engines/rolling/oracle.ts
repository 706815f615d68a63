import type { MetricTask } from "../../../src/engines/task.ts";

/** A value in a form that can be compared and added, and as DuckDB writes it. */
export interface Value {
  exact: bigint | number | string;
  text: string;
}

export interface Event {
  key: string;
  /** Microseconds since 1970. */
  time: bigint;
  /** By column; in the order in which ties are decided. */
  values: Record<string, Value | null>;
}

/** What is expected of a metric: nothing, a text that must be met exactly, or a double that may differ by rounding. */
export type Expected = null | string | { about: number; within: number };

export interface Asked {
  /** In seconds. */
  interval: number;
  metrics: readonly MetricTask[];
  lastStamp: bigint;
  /** By column: digits after a decimal's point. */
  scales: Record<string, number>;
}

export interface ExpectedRow {
  key: string;
  stamp: bigint;
  metrics: Expected[];
}

const MONDAY = BigInt(Date.UTC(2000, 0, 3)) * 1000n;

/** The end of the bucket that the moment lies in. */
export function bucketEnd(time: bigint, interval: bigint): bigint {
  let index = (time - MONDAY) / interval;
  if (index * interval > time - MONDAY) index--;
  return MONDAY + (index + 1n) * interval;
}

/** docs/time.md as a program that does nothing cleverly: for each row, all of the key's events are looked at. */
export function expectedRows(events: readonly Event[], request: Asked): ExpectedRow[] {
  const interval = BigInt(request.interval) * 1_000_000n;
  const micros = (seconds: number) => BigInt(seconds) * 1_000_000n;
  const rows: ExpectedRow[] = [];
  for (const key of [...new Set(events.map((e) => e.key))]) {
    const own = events.filter((e) => e.key === key);
    const stamps = new Set<bigint>();
    for (const { time } of own) {
      const end = bucketEnd(time, interval);
      stamps.add(end);
      for (const { window } of request.metrics) stamps.add(end + micros(window));
    }
    for (const stamp of stamps) {
      if (stamp > request.lastStamp) continue;
      rows.push({
        key,
        stamp,
        metrics: request.metrics.map((metric) => {
          const inside = own.filter((e) => e.time >= stamp - micros(metric.window) && e.time < stamp);
          return aggregated(inside, metric, request.scales[metric.input] ?? 0);
        }),
      });
    }
  }
  return rows;
}

export function aggregated(
  inside: readonly Event[],
  { input, aggregation }: MetricTask,
  scale: number,
): Expected {
  if (input === "*") return String(inside.length);
  const values = inside.flatMap((e) => e.values[input] ?? []);
  const exact = values.map((v) => v.exact);
  if (aggregation === "count") return String(values.length);
  if (aggregation === "count_distinct") return String(new Set(exact.map((x) => x === 0 ? 0 : x)).size);
  if (aggregation === "sum") return sum(exact, scale);
  const [some] = values;
  if (some === undefined) return null;
  const numbers = exact.map((x) => Number(x) / 10 ** scale);
  const size = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  switch (aggregation) {
    case "mean":
      return {
        about: numbers.reduce((a, b) => a + b, 0) / numbers.length,
        within: size * 1e-14,
      };
    case "std": {
      if (numbers.length < 2) return null;
      const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
      const squares = numbers.reduce((a, b) => a + (b - mean) ** 2, 0);
      return { about: Math.sqrt(squares / (numbers.length - 1)), within: size * 1e-12 };
    }
    case "median": {
      const sorted = numbers.toSorted(order);
      const middle = (sorted.length - 1) / 2;
      const low = sorted[Math.floor(middle)] ?? NaN;
      const high = sorted[Math.ceil(middle)] ?? NaN;
      return { about: low === high ? low : low / 2 + high / 2, within: size * 1e-15 };
    }
    case "min":
      return values.reduce((a, b) => order(b.exact, a.exact) < 0 ? b : a).text;
    case "max":
      return values.reduce((a, b) => order(b.exact, a.exact) > 0 ? b : a).text;
    case "first":
      return inTime(inside, input).at(0)?.text ?? null;
    case "last":
      return inTime(inside, input).at(-1)?.text ?? null;
  }
}

function sum(values: readonly Value["exact"][], scale: number): Expected {
  if (values.every((x) => typeof x === "bigint")) {
    const total = values.reduce((a: bigint, b) => a + (b as bigint), 0n);
    const digits = String(total < 0n ? -total : total).padStart(scale + 1, "0");
    const point = digits.length - scale;
    const text = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
    // Of an empty window nothing tells the type: a zero must do.
    return total < 0n ? `-${text}` : text;
  }
  const numbers = values.map(Number);
  const size = numbers.reduce((a, b) => a + Math.abs(b), 0);
  return { about: numbers.reduce((a, b) => a + b, 0), within: size * 1e-14 };
}

/** The values by time; events of the same time by all columns, NULL last. */
function inTime(events: readonly Event[], input: string): Value[] {
  const sorted = events.toSorted((a, b) => {
    if (a.time !== b.time) return a.time < b.time ? -1 : 1;
    for (const column of Object.keys(a.values)) {
      const [x, y] = [a.values[column] ?? null, b.values[column] ?? null];
      if (x === null && y === null) continue;
      if (x === null || y === null) return x === null ? 1 : -1;
      const by = order(x.exact, y.exact);
      if (by !== 0) return by;
    }
    return 0;
  });
  return sorted.flatMap((e) => e.values[input] ?? []);
}

/** DuckDB's order: NaN after all numbers, texts by their bytes. */
export function order(a: Value["exact"], b: Value["exact"]): number {
  if (typeof a === "string" && typeof b === "string") {
    const [x, y] = [new TextEncoder().encode(a), new TextEncoder().encode(b)];
    for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i]! - y[i]!;
    return x.length - y.length;
  }
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
