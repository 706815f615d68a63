import type { DuckDBConnection } from "@duckdb/node-api";
import { MlforgeError } from "../../error.ts";
import { suggestName } from "../../nearest.ts";
import type { TimeRequest } from "./timestamp.ts";
import { literal, quote } from "./types.ts";

/** Microseconds from a wall-clock time to a moment that surely lies on the other side of any change near it. */
const FAR = 36 * 3600 * 1_000_000;
const DAY = 24 * 3600 * 1_000_000;

/**
 * The moment in UTC of a wall-clock time in a zone: a SQL expression of type TIMESTAMP. `naive` is SQL of type TIMESTAMP.
 *
 * A wall-clock time that the zone's clocks skipped (a gap) or showed twice (a fold) is refused, unless `fold` says how
 * to read it: `first` with the offset before the change, `last` with the one after it. In a fold these are the earlier
 * and the later moment; in a gap the other way round. Whole dates are never refused: a date's first moment is the earlier
 * midnight, or the moment of the change where midnight was skipped.
 *
 * A change within 36 h shows in the offsets on both sides; tzdata has no two changes less than 95 h apart.
 */
export async function zonedExpression(
  connection: DuckDBConnection,
  request: TimeRequest,
  naive: string,
  options: { zone: string; dates: boolean },
): Promise<string> {
  const { zone, dates } = options;
  await requireZone(connection, request, zone);
  const plain = `epoch_us(timezone(${literal(zone)}, ${naive}))`;
  const odd = await oddDays(connection, request, naive, zone);
  if (odd.length === 0) return `make_timestamp(${plain})`;
  const day = `date_diff('day', DATE '1970-01-01', CAST(${naive} AS DATE))`;
  if (dates) {
    let cases = "";
    for (const found of odd) cases += ` WHEN ${found.day} THEN ${await dateStart(connection, zone, found)}`;
    return `make_timestamp(CASE ${day}${cases} ELSE ${plain} END)`;
  }
  if (request.fold === undefined) throw refused(request, zone, odd);
  const around = byOffsets(naive, zone);
  const chosen = request.fold === "first" ? around.before : around.after;
  return `make_timestamp(CASE WHEN ${day} IN (${odd.map((d) => d.day).join(", ")})
    THEN CASE WHEN ${around.odd} THEN ${chosen} ELSE ${plain} END ELSE ${plain} END)`;
}

/** A day of the column that has wall-clock times in a gap or a fold. */
interface OddDay {
  /** Days since 1970-01-01. */
  day: number;
  /** The first of these times. */
  first: string;
  /** Whether clocks showed it twice; else never. */
  twice: boolean;
  /** The moments it would be with the offset before the change, and the one after; microseconds since 1970, UTC. */
  before: bigint;
  after: bigint;
  /** How many rows have such times. */
  rows: number;
}

async function oddDays(
  connection: DuckDBConnection,
  request: TimeRequest,
  naive: string,
  zone: string,
): Promise<OddDay[]> {
  const { before, after, odd, twice } = byOffsets("t", zone);
  const start = `epoch_us(CAST(d AS TIMESTAMP))`;
  // Only the days near a change are looked at row by row, since a conversion costs 150 ns. The list keeps DuckDB from
  // pushing the condition below the DISTINCT, to each row.
  const reader = await connection.runAndReadAll(`
    WITH days AS (
      SELECT unnest(list(DISTINCT CAST(${naive} AS DATE))) AS d FROM ${request.relation}
      WHERE ${quote(request.column)} IS NOT NULL
    ), near AS MATERIALIZED (
      SELECT d FROM days
      WHERE ${offset(`${start} - ${FAR}`, zone)} <> ${offset(`${start} + ${DAY + FAR}`, zone)}
    ), times AS MATERIALIZED (
      SELECT ${naive} AS t, count(*) AS n FROM ${request.relation}
      WHERE ${quote(request.column)} IS NOT NULL AND CAST(${naive} AS DATE) IN (SELECT d FROM near) GROUP BY 1
    ), odd AS MATERIALIZED (
      SELECT t, n, ${twice} AS twice, ${before} AS before, ${after} AS after FROM times WHERE ${odd}
    )
    SELECT date_diff('day', DATE '1970-01-01', CAST(t AS DATE)) AS day, CAST(min(t) AS VARCHAR),
      arg_min(twice, t), arg_min(before, t), arg_min(after, t), sum(n)
    FROM odd GROUP BY day ORDER BY day`);
  return reader.getRows().map(([day, first, twice, before, after, rows]) => ({
    day: Number(day),
    first: String(first),
    twice: twice === true,
    before: BigInt(String(before)),
    after: BigInt(String(after)),
    rows: Number(rows),
  }));
}

/** The first moment of a date whose midnight clocks showed twice or never. Microseconds since 1970, UTC. */
async function dateStart(connection: DuckDBConnection, zone: string, midnight: OddDay): Promise<bigint> {
  const { before, after, twice } = midnight;
  // In a fold, the offset before the change gives the earlier moment; in a gap, the one after it does.
  return twice ? before : await changeBetween(connection, zone, after, before);
}

/** The first second in (earlier, later] whose offset is the later one's. */
async function changeBetween(
  connection: DuckDBConnection,
  zone: string,
  earlier: bigint,
  later: bigint,
): Promise<bigint> {
  const reader = await connection.runAndReadAll(
    `SELECT min(u) FROM range(${earlier}, ${later} + 1, 1000000) r(u)
     WHERE ${offset("u", zone)} = ${offset(String(later), zone)}`,
  );
  return BigInt(String(reader.getRows()[0]?.[0]));
}

/** SQL of offset and moments around a wall-clock time: the moments are in microseconds since 1970. */
function byOffsets(naive: string, zone: string) {
  const wall = `epoch_us(${naive})`;
  const before = `(${wall} - ${offset(`${wall} - ${FAR}`, zone)})`;
  const after = `(${wall} - ${offset(`${wall} + ${FAR}`, zone)})`;
  const shows = (moment: string) => `(${moment} + ${offset(moment, zone)} = ${wall})`;
  return {
    before,
    after,
    /** Neither moment shows this time, or both do. */
    odd: `(${before} <> ${after} AND ${shows(before)} = ${shows(after)})`,
    twice: shows(before),
  };
}

/** SQL of a zone's offset from UTC at a moment, both in microseconds. */
function offset(moment: string, zone: string): string {
  return `(epoch_us(timezone(${literal(zone)}, make_timestamptz(${moment}))) - (${moment}))`;
}

function refused(request: TimeRequest, zone: string, odd: readonly OddDay[]): MlforgeError {
  const [first] = odd;
  const rows = odd.reduce((sum, { rows }) => sum + rows, 0);
  const how = first?.twice === true ? "passed twice" : "never passed";
  const many = rows === 1 ? "1 time" : `${rows} times`;
  return new MlforgeError(
    "usage",
    `Column "${request.column}" of ${request.what} has ${many} that clocks in ${zone} passed twice or never; ` +
      `the first one, ${first?.first}, was ${how}`,
    {
      place: request.place,
      hint:
        "Say how to read them: `fold: first` (the offset before the clocks changed) or `fold: last` (the one after).",
    },
  );
}

async function requireZone(connection: DuckDBConnection, request: TimeRequest, zone: string): Promise<void> {
  const reader = await connection.runAndReadAll("SELECT name FROM pg_timezone_names()");
  const names = reader.getRows().map(([name]) => String(name));
  if (names.includes(zone)) return;
  const near = suggestName(zone, names);
  throw new MlforgeError("usage", `Unknown time zone "${zone}" of ${request.what}`, {
    place: request.place,
    hint: near.startsWith("Did") ? near : "Write an IANA name, such as Europe/Berlin or UTC.",
  });
}
