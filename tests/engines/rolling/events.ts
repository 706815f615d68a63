import fc from "fast-check";
import type { Value } from "./oracle.ts";

/** A type that metrics can be made of, and values of it. */
export interface ValueType {
  sql: string;
  scale: number;
  /** It can be added up. */
  number: boolean;
  value: fc.Arbitrary<Value["exact"]>;
  /** SQL of a value. */
  literal(value: Value["exact"]): string;
}

const plain = (value: Value["exact"]) => `'${String(value).replaceAll("'", "''")}'`;

function integer(sql: string, low: bigint, high: bigint): ValueType {
  const value = fc.oneof(fc.bigInt({ min: -3n < low ? low : -3n, max: 3n }), fc.constantFrom(low, high));
  return { sql, scale: 0, number: true, value, literal: plain };
}

function decimal(digits: number, scale: number, most = 10n ** BigInt(digits) - 1n): ValueType {
  return {
    sql: `DECIMAL(${digits},${scale})`,
    scale,
    number: true,
    value: fc.oneof(fc.bigInt({ min: -30n, max: 30n }), fc.bigInt({ min: -most, max: most })),
    literal: (value) => {
      const text = String(value).replace("-", "").padStart(scale + 1, "0");
      const point = text.length - scale;
      return `'${String(value).startsWith("-") ? "-" : ""}${text.slice(0, point)}.${text.slice(point)}'`;
    },
  };
}

const microseconds = fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n });

export const TYPES: readonly ValueType[] = [
  integer("TINYINT", -128n, 127n),
  integer("SMALLINT", -32768n, 32767n),
  integer("INTEGER", -(2n ** 31n), 2n ** 31n - 1n),
  integer("BIGINT", -(2n ** 57n), 2n ** 57n + 1n),
  integer("HUGEINT", -(2n ** 56n), 2n ** 57n + 1n),
  integer("UTINYINT", 0n, 255n),
  integer("USMALLINT", 0n, 65535n),
  integer("UINTEGER", 0n, 2n ** 32n - 1n),
  integer("UBIGINT", 0n, 2n ** 58n - 1n),
  integer("UHUGEINT", 0n, 2n ** 57n + 1n),
  decimal(4, 2),
  decimal(9, 3),
  decimal(18, 2),
  decimal(18, 18),
  decimal(30, 4),
  decimal(38, 20, 10n ** 35n),
  {
    sql: "BOOLEAN",
    scale: 0,
    number: true,
    value: fc.constantFrom(0n, 1n),
    literal: (value) => value === 1n ? "true" : "false",
  },
  {
    sql: "DOUBLE",
    scale: 0,
    number: true,
    value: fc.oneof(
      fc.constantFrom(0, 0.1, 0.2, 0.3, -1.5, 1e15, 1e-3),
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    ),
    literal: plain,
  },
  {
    sql: "FLOAT",
    scale: 0,
    number: true,
    value: fc.float({ min: -1024, max: 1024, noNaN: true }).map((x) => x + 0),
    literal: plain,
  },
  {
    sql: "DATE",
    scale: 0,
    number: false,
    value: fc.constantFrom("0044-03-15", "1969-12-31", "1970-01-01", "2001-09-09", "9999-12-31"),
    literal: plain,
  },
  {
    sql: "TIMESTAMP",
    scale: 0,
    number: false,
    value: microseconds,
    literal: (value) => `make_timestamp(${value})`,
  },
  {
    sql: "TIMESTAMP WITH TIME ZONE",
    scale: 0,
    number: false,
    value: microseconds,
    literal: (value) => `timezone('UTC', make_timestamp(${value}))`,
  },
  {
    sql: "TIME",
    scale: 0,
    number: false,
    value: fc.constantFrom("00:00:00", "00:00:01", "12:30:00.000001", "23:59:59"),
    literal: plain,
  },
  {
    sql: "VARCHAR",
    scale: 0,
    number: false,
    value: fc.constantFrom("", "a", "b", "ab", "it's", "ä", "zz", "\u{1F600}", "Z"),
    literal: plain,
  },
  {
    sql: "ENUM('a', 'b', 'c')",
    scale: 0,
    number: false,
    value: fc.constantFrom("a", "b", "c"),
    literal: plain,
  },
  {
    sql: "UUID",
    scale: 0,
    number: false,
    value: fc.constantFrom(
      "00000000-0000-0000-0000-000000000001",
      "7fffffff-ffff-ffff-ffff-ffffffffffff",
      "80000000-0000-0000-0000-000000000000",
      "ffffffff-0000-0000-0000-000000000000",
    ),
    literal: plain,
  },
];

/** Times where something can go wrong: at the edges of buckets, long ago, all at once. */
export function times(interval: number): fc.Arbitrary<bigint> {
  const origins = [
    BigInt(Date.UTC(2000, 0, 3)),
    BigInt(Date.UTC(1969, 11, 31)),
    BigInt(Date.UTC(1999, 11, 30)),
    BigInt(Date.UTC(2024, 1, 28, 23)),
  ];
  return fc.tuple(
    fc.constantFrom(...origins),
    fc.integer({ min: 0, max: 9 }),
    fc.constantFrom(-1n, 0n, 1n, 7n),
  )
    .map(([origin, buckets, off]) => origin * 1000n + BigInt(buckets * interval) * 1_000_000n + off);
}
