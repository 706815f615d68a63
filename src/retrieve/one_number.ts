import type { DuckDBConnection } from "@duckdb/node-api";

/** SQL of a feature's rows and of labels, of which numbers are made. */
export interface Numbered {
  /** A relation of the feature's rows, with their key and the time from which they count. */
  rows: string;
  key: string;
  time: string;
  /** The label's key and time; where `strict`, a row counts only after its time. */
  labelKey: string;
  labelTime: string;
  strict: boolean;
}

/** SQL of BIGINTs: a label's row has the greatest number that is not greater than the label's. */
export interface OneNumber {
  ofRow: string;
  /** Less than any row's where the label's key or time can have no row. */
  ofLabel: string;
  /** Numbers that a key has: those that are equal when divided by it, and rounded down, are of one key. */
  span: bigint;
}

/** In microseconds: times that are all whole seconds need fewer numbers. */
const UNITS = [1n, 1_000_000n];

/** Whether columns of these types can be keys here. */
export function isWhole(...types: string[]): boolean {
  return types.every((type) => /^(U?(TINY|SMALL)INT|U?INTEGER|BIGINT)$/.test(type));
}

/**
 * Key and time as one number of 64 bits, key first: by it DuckDB sorts and joins in three quarters of the time that it takes by
 * both. Undefined where 64 bits are too few, or there is no row.
 */
export async function oneNumber(
  connection: DuckDBConnection,
  { rows, key, time, labelKey, labelTime, strict }: Numbered,
): Promise<OneNumber | undefined> {
  const ask = async (list: string) =>
    (await connection.runAndReadAll(`SELECT ${list} FROM ${rows}`)).getRows()[0] ?? [];
  const bounds = await ask(`min(${key}), max(${key}), epoch_us(min(${time})), epoch_us(max(${time}))`);
  if (bounds.includes(null)) return undefined;
  const [least, most, first, last] = bounds.map((bound) => BigInt(String(bound))) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  // 0 lies before all rows of a key.
  const spanOf = (unit: bigint) => (last - first) / unit + 2n;
  const unit = UNITS.find((unit) => (most - least + 1n) * spanOf(unit) < 2n ** 63n);
  if (unit === undefined) return undefined;
  if (unit > 1n && (await ask(`bool_and(epoch_us(${time}) % ${unit} = 0)`))[0] !== true) return undefined;
  const span = spanOf(unit);
  const number = (key: string, step: string) => `(CAST(${key} AS BIGINT) - ${least}) * ${span} + ${step}`;
  const labelAt = `(epoch_us(${labelTime}) - ${strict ? first + 1n : first})`;
  return {
    span,
    ofRow: number(key, `(epoch_us(${time}) - ${first}) // ${unit} + 1`),
    ofLabel: `CASE WHEN ${labelKey} BETWEEN ${least} AND ${most} AND ${labelAt} >= 0
      THEN ${number(labelKey, `least(${labelAt} // ${unit} + 1, ${span - 1n})`)} ELSE -1 END`,
  };
}
