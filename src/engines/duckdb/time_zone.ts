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
  const odd = await oddMoments(connection, request, naive, zone);
  if (odd.length === 0) return `make_timestamp(${plain})`;
  if (dates) {
    const cases = odd.map(({ time, dateStart }) => `WHEN ${time} THEN ${dateStart}`).join(" ");
    return `make_timestamp(CASE epoch_us(${naive}) ${cases} ELSE ${plain} END)`;
  }
  if (request.fold === undefined) throw refused(request, zone, odd);
  const days = [...new Set(odd.map(({ time }) => floorDiv(time, BigInt(DAY)).toString()))];
  const chosen = request.fold === "first" ? "before" : "after";
  const careful = byOffsets(naive, zone)[chosen];
  const right = `CASE WHEN ${byOffsets(naive, zone).odd} THEN ${careful} ELSE ${plain} END`;
  const onDay = `date_diff('day', DATE '1970-01-01', CAST(${naive} AS DATE)) IN (${days.join(", ")})`;
  return `make_timestamp(CASE WHEN ${onDay} THEN ${right} ELSE ${plain} END)`;
}

interface OddMoment {
  /** Wall-clock time as if it were UTC, in microseconds since 1970. */
  time: bigint;
  text: string;
  rows: number;
  twice: boolean;
  /** First moment at or after it, for dates. In microseconds since 1970, UTC. */
  dateStart: bigint;
}

/** All distinct wall-clock times of the column that lie in a gap or a fold, ascending. */
async function oddMoments(
  connection: DuckDBConnection,
  request: TimeRequest,
  naive: string,
  zone: string,
): Promise<OddMoment[]> {
  const { before, after, odd, twice } = byOffsets("t", zone);
  const start = `epoch_us(CAST(d AS TIMESTAMP))`;
  // Only the days near a change are looked at row by row, since a conversion costs 150 ns; materialized, or DuckDB
  // would push the condition below the DISTINCT.
  const reader = await connection.runAndReadAll(`
    WITH days AS MATERIALIZED (
      SELECT DISTINCT CAST(${naive} AS DATE) AS d FROM ${request.relation} WHERE ${
    quote(request.column)
  } IS NOT NULL
    ), near AS MATERIALIZED (
      SELECT d FROM days
      WHERE ${offset(`${start} - ${FAR}`, zone)} <> ${offset(`${start} + ${DAY + FAR}`, zone)}
    ), times AS MATERIALIZED (
      SELECT ${naive} AS t, count(*) AS n FROM ${request.relation}
      WHERE ${quote(request.column)} IS NOT NULL AND CAST(${naive} AS DATE) IN (SELECT d FROM near) GROUP BY 1
    ), odd AS (
      SELECT t, n, ${twice} AS twice, ${before} AS before, ${after} AS after FROM times WHERE ${odd}
    )
    SELECT epoch_us(t), CAST(t AS VARCHAR), n, twice, before, after FROM odd ORDER BY t`);
  const found: OddMoment[] = [];
  for (const [time, text, n, isTwice, ...moments] of reader.getRows()) {
    const [earlier, later] = moments.map((m) => BigInt(String(m))).sort((a, b) => (a < b ? -1 : 1));
    if (earlier === undefined || later === undefined) continue;
    const twice = isTwice === true;
    found.push({
      time: BigInt(String(time)),
      text: String(text),
      rows: Number(n),
      twice,
      dateStart: twice ? earlier : await changeBetween(connection, zone, earlier, later),
    });
  }
  return found;
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

function refused(request: TimeRequest, zone: string, odd: readonly OddMoment[]): MlforgeError {
  const [first] = odd;
  const rows = odd.reduce((sum, { rows }) => sum + rows, 0);
  const how = first?.twice === true ? "passed twice" : "never passed";
  const many = rows === 1 ? "1 time" : `${rows} times`;
  return new MlforgeError(
    "usage",
    `Column "${request.column}" of ${request.what} has ${many} that clocks in ${zone} passed twice or never; ` +
      `the first one, ${first?.text}, was ${how}`,
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

function floorDiv(a: bigint, b: bigint): bigint {
  return (a - (((a % b) + b) % b)) / b;
}
