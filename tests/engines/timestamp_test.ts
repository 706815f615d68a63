import { DuckDBInstance } from "@duckdb/node-api";
import assert from "node:assert/strict";
import { MlforgeError } from "../../src/error.ts";
import { timeExpression } from "../../src/engines/duckdb/timestamp.ts";

const PLACE = { file: "definitions.ts", line: 3, column: 1 };

interface Options {
  format?: string;
  timezone?: string;
  fold?: "first" | "last";
  /** The session's own zone, which must not matter. */
  session?: string;
}

/** The column `t` of `select`, read as times: their texts in UTC. The session is locked, as an engine's. */
async function read(select: string, options: Options = {}): Promise<(string | null)[]> {
  const { session = "Asia/Kolkata", ...request } = options;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = '${session}'`);
    await connection.run(`CREATE TABLE rows AS ${select}`);
    await connection.run("SET enable_external_access = false");
    await connection.run("SET lock_configuration = true");
    const expression = await timeExpression(connection, {
      relation: "rows",
      column: "t",
      feature: "clicks",
      place: PLACE,
      ...request,
    });
    const reader = await connection.runAndReadAll(
      `SELECT typeof(x), CAST(x AS VARCHAR) FROM (SELECT ${expression} AS x FROM rows ORDER BY rowid)`,
    );
    return reader.getRows().map(([type, text]) => {
      assert.equal(type, "TIMESTAMP");
      return text === null || text === undefined ? null : String(text);
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function values(...items: (string | null)[]): string {
  return `SELECT * FROM (VALUES ${
    items.map((v) => `(${v === null ? "NULL" : `'${v}'`}::VARCHAR)`).join(", ")
  }) v(t)`;
}

async function refusal(run: Promise<unknown>, message: RegExp, hint: RegExp): Promise<void> {
  await assert.rejects(run, (error) => {
    assert(error instanceof MlforgeError);
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    assert.deepEqual(error.place, PLACE);
    assert.equal(error.code, "usage");
    return true;
  });
}

Deno.test("timestamps of every precision are naive UTC, and NULL stays NULL", async () => {
  assert.deepEqual(await read("SELECT unnest([TIMESTAMP '2024-05-01 10:00:00.000001', NULL]) AS t"), [
    "2024-05-01 10:00:00.000001",
    null,
  ]);
  assert.deepEqual(await read("SELECT TIMESTAMP_S '2024-05-01 10:00:01' AS t"), ["2024-05-01 10:00:01"]);
  assert.deepEqual(await read("SELECT TIMESTAMP_MS '2024-05-01 10:00:01.005' AS t"), [
    "2024-05-01 10:00:01.005",
  ]);
});

Deno.test("nanoseconds are rounded down, before 1970 too", async () => {
  const select = `SELECT unnest([TIMESTAMP_NS '1969-12-31 23:59:59.999999900',
    TIMESTAMP_NS '1970-01-01 00:00:00.000000900', TIMESTAMP_NS '1969-12-31 23:59:59.999999000']) AS t`;
  assert.deepEqual(await read(select), [
    "1969-12-31 23:59:59.999999",
    "1970-01-01 00:00:00",
    "1969-12-31 23:59:59.999999",
  ]);
});

Deno.test("a timestamp with time zone is a moment, whatever the session's or the source's zone", async () => {
  const select = "SELECT TIMESTAMPTZ '2024-05-01 10:00:00.25+02:00' AS t";
  assert.deepEqual(await read(select, { timezone: "America/New_York" }), ["2024-05-01 08:00:00.25"]);
  assert.deepEqual(await read(select, { session: "America/New_York" }), ["2024-05-01 08:00:00.25"]);
});

Deno.test("a naive time is read in the source's zone", async () => {
  const select =
    "SELECT unnest([TIMESTAMP '2024-01-01 12:00:00', TIMESTAMP '2024-07-01 12:00:00', NULL]) AS t";
  assert.deepEqual(await read(select, { timezone: "Europe/Berlin" }), [
    "2024-01-01 11:00:00",
    "2024-07-01 10:00:00",
    null,
  ]);
  assert.deepEqual(await read(select, { timezone: "UTC" }), [
    "2024-01-01 12:00:00",
    "2024-07-01 12:00:00",
    null,
  ]);
  assert.deepEqual(await read(values("2024-07-01 12:00:00"), { timezone: "Asia/Kathmandu" }), [
    "2024-07-01 06:15:00",
  ]);
});

Deno.test("a date is its first moment in the zone", async () => {
  assert.deepEqual(await read("SELECT DATE '2024-07-01' AS t"), ["2024-07-01 00:00:00"]);
  assert.deepEqual(await read("SELECT DATE '2024-07-01' AS t", { timezone: "Europe/Berlin" }), [
    "2024-06-30 22:00:00",
  ]);
  // Clocks went from 00:00 to 01:00: the day began at the change.
  assert.deepEqual(await read("SELECT DATE '2018-11-04' AS t", { timezone: "America/Sao_Paulo" }), [
    "2018-11-04 03:00:00",
  ]);
  // Clocks went from 01:00 back to 00:00: the day's first midnight is meant.
  assert.deepEqual(await read("SELECT DATE '2024-11-03' AS t", { timezone: "America/Havana" }), [
    "2024-11-03 04:00:00",
  ]);
  // Clocks went from 23:30 to 00:30: the day began at 00:30.
  assert.deepEqual(await read("SELECT DATE '1919-03-31' AS t", { timezone: "America/Toronto" }), [
    "1919-03-31 04:30:00",
  ]);
  // A date as text is a date.
  assert.deepEqual(await read(values("2018-11-04", "2018-11-05"), { timezone: "America/Sao_Paulo" }), [
    "2018-11-04 03:00:00",
    "2018-11-05 02:00:00",
  ]);
});

const EVERY_FORMAT: [text: string, utc: string][] = [
  ["2024-12-31T23:59:58+02:00", "2024-12-31 21:59:58"],
  ["2024-12-31T23:59:58.123456", "2024-12-31 23:59:58.123456"],
  ["2024-12-31T23:59:58", "2024-12-31 23:59:58"],
  ["2024-12-31 23:59:58-0130", "2025-01-01 01:29:58"],
  ["2024-12-31 23:59:58.5", "2024-12-31 23:59:58.5"],
  ["2024-12-31 23:59:58", "2024-12-31 23:59:58"],
  ["2024-12-31", "2024-12-31 00:00:00"],
  ["31/12/2024 23:59:58", "2024-12-31 23:59:58"],
  ["12/31/2024 23:59:58", "2024-12-31 23:59:58"],
  ["31/12/2024", "2024-12-31 00:00:00"],
  ["12/31/2024", "2024-12-31 00:00:00"],
];

Deno.test("text: each format is found out", async () => {
  for (const [text, utc] of EVERY_FORMAT) assert.deepEqual(await read(values(null, text)), [null, utc], text);
});

Deno.test("text: offsets may be Z, +hh, +hhmm and +hh:mm, mixed; fractions have 1 to 9 digits", async () => {
  assert.deepEqual(
    await read(
      values(
        "2024-01-01T00:00:00Z",
        "2024-01-01T02:00:00+02",
        "2023-12-31T22:30:00-0130",
        "2024-01-01T05:45:00+05:45",
      ),
      { timezone: "Europe/Berlin" },
    ),
    Array(4).fill("2024-01-01 00:00:00"),
  );
  assert.deepEqual(await read(values("2024-01-01 00:00:00.1", "2024-01-01 00:00:00.123456999")), [
    "2024-01-01 00:00:00.1",
    "2024-01-01 00:00:00.123456",
  ]);
});

Deno.test("text: a column without values has times without values", async () => {
  assert.deepEqual(await read(values(null)), [null]);
  assert.deepEqual(await read(values("2024-01-01") + " WHERE false"), []);
});

Deno.test("text: an ENUM is text", async () => {
  assert.deepEqual(await read("SELECT '2024-01-02'::ENUM('2024-01-02') AS t"), ["2024-01-02 00:00:00"]);
});

Deno.test("text: two formats that fit all values and differ are both named; a later value may decide", async () => {
  await refusal(
    read(values("03/04/2024", "05/05/2024")),
    /"t" of feature "clicks" fits two formats, %d\/%m\/%Y and %m\/%d\/%Y, which read "03\/04\/2024" differently/,
    /`format:`/,
  );
  assert.deepEqual(await read(values("03/04/2024", "13/04/2024")), [
    "2024-04-03 00:00:00",
    "2024-04-13 00:00:00",
  ]);
  assert.deepEqual(await read(values("03/04/2024", "04/13/2024")), [
    "2024-03-04 00:00:00",
    "2024-04-13 00:00:00",
  ]);
  assert.deepEqual(await read(values("05/05/2024")), ["2024-05-05 00:00:00"]);
  assert.deepEqual(await read(values("03/04/2024"), { format: "%m/%d/%Y" }), ["2024-03-04 00:00:00"]);
});

Deno.test("text: a value that does not fit is named, with the nearest format", async () => {
  await refusal(
    read(values("2024/01/31")),
    /"2024\/01\/31", which fits no time format/,
    /nearest format is %Y-%m-%d\./,
  );
  await refusal(
    read(values("2024-01-31", "2024-02-30")),
    /"2024-02-30", which does not fit %Y-%m-%d$/,
    /All values must be of one format/,
  );
  await refusal(
    read(values("2024-01-31 10:00:00"), { format: "%Y-%m-%d" }),
    /"2024-01-31 10:00:00", which does not fit %Y-%m-%d$/,
    /strptime/,
  );
  await refusal(
    read(values("2024-01-31"), { format: "%Y-%m-%e" }),
    /Unknown format "%Y-%m-%e"/,
    /"%Y-%m-%d"/,
  );
  await refusal(read(values("2024-01-31", "")), /has "", which does not fit %Y-%m-%d/, /nullif\("t", ''\)/);
});

Deno.test("text: what DuckDB would take for a time, but is none, is refused", async () => {
  for (const text of ["infinity", "epoch", "24-01-31", " 2024-01-31", "31/12/24", "2024-01-31T24:00:00"]) {
    await refusal(read(values(text)), /which fits no time format/, /format/);
  }
});

Deno.test("other types are refused with what to write instead", async () => {
  await refusal(read("SELECT 1700000000 AS t"), /is of type INTEGER, not a time/, /to_timestamp\("t"\)/);
  await refusal(read("SELECT TIME '10:00:00' AS t"), /is of type TIME, not a time/, /TIMESTAMP, a DATE/);
});

Deno.test("the years 1 and 9999 are taken, in any zone; what lies outside is refused", async () => {
  const edges =
    "SELECT unnest([TIMESTAMP '0001-01-01 00:00:00', TIMESTAMP '9999-12-31 23:59:59.999999']) AS t";
  assert.deepEqual(await read(edges), ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"]);
  assert.deepEqual(await read(edges, { timezone: "America/New_York" }), [
    "0001-01-01 04:56:02",
    "10000-01-01 04:59:59.999999",
  ]);
  for (
    const outside of [
      "TIMESTAMP '10000-01-01'",
      "TIMESTAMP '0001-12-31 (BC) 00:00:00'",
      "TIMESTAMP 'infinity'",
      "TIMESTAMPTZ 'infinity'",
      "TIMESTAMPTZ '-infinity'",
      "TIMESTAMPTZ '10000-01-01 00:00:00+00'",
      "DATE 'infinity'",
      "DATE '300000-01-01'",
      "DATE '0001-12-31 (BC)'",
      "'0000-01-01'",
    ]
  ) {
    await refusal(
      read(`SELECT ${outside} AS t`, { session: "UTC" }),
      /"t" of feature "clicks" has the time /,
      /1 to 9999/,
    );
  }
});

Deno.test("an unknown zone is refused with the nearest name", async () => {
  const select = "SELECT TIMESTAMP '2024-01-01' AS t";
  await refusal(
    read(select, { timezone: "Europe/Berlim" }),
    /Unknown time zone "Europe\/Berlim"/,
    /"Europe\/Berlin"/,
  );
  await refusal(read(select, { timezone: "+02:00" }), /Unknown time zone/, /.+/);
});

Deno.test("times that clocks passed twice or never are refused, counted, the first one named", async () => {
  await refusal(
    read(
      "SELECT unnest([TIMESTAMP '2024-10-27 02:30:00', '2024-03-31 02:00:00', '2024-03-31 02:00:00', '2024-03-31 03:00:00', '2024-10-27 03:00:00', '2024-10-27 01:59:59.999999']) AS t",
      {
        timezone: "Europe/Berlin",
      },
    ),
    /has 3 times that clocks in Europe\/Berlin passed twice or never; the first one, 2024-03-31 02:00:00, was never passed/,
    /fold: first/,
  );
  await refusal(
    read(values("2024-10-27 02:59:59.5"), { timezone: "Europe/Berlin" }),
    /has 1 time that .* the first one, 2024-10-27 02:59:59\.5, was passed twice/,
    /fold: last/,
  );
});

Deno.test("fold: first takes the offset before the change, last the one after it", async () => {
  const select =
    `SELECT unnest([TIMESTAMP '2024-03-31 02:30:00', '2024-10-27 02:30:00', '2024-10-27 12:00:00', NULL]) AS t`;
  const zone = { timezone: "Europe/Berlin" };
  assert.deepEqual(await read(select, { ...zone, fold: "first" }), [
    "2024-03-31 01:30:00",
    "2024-10-27 00:30:00",
    "2024-10-27 11:00:00",
    null,
  ]);
  assert.deepEqual(await read(select, { ...zone, fold: "last" }), [
    "2024-03-31 00:30:00",
    "2024-10-27 01:30:00",
    "2024-10-27 11:00:00",
    null,
  ]);
});

/** Wall-clock time of a moment by the JavaScript engine's own tables, both in milliseconds as if UTC. */
function wallClock(zone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (moment) => {
    const part = Object.fromEntries(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  };
}

/** Around a change: zone, from when, how many hours. Lord Howe shifts by half an hour, Samoa left out a day. */
const CHANGES: [zone: string, from: string, hours: number][] = [
  ["Europe/Berlin", "2024-03-31T00:00Z", 5],
  ["Europe/Berlin", "2024-10-27T00:00Z", 5],
  ["Australia/Lord_Howe", "2024-04-07T00:00Z", 5],
  ["Australia/Lord_Howe", "2024-10-06T00:00Z", 5],
  ["Pacific/Apia", "2011-12-29T20:00Z", 32],
  ["America/Sao_Paulo", "2018-02-17T20:00Z", 8],
  ["Africa/Casablanca", "2024-03-10T00:00Z", 5],
];

Deno.test("every quarter of an hour around a change is read as an oracle of all moments reads it", async () => {
  for (const [zone, from, hours] of CHANGES) {
    const start = Date.parse(from);
    const minute = 60_000;
    const times = Array.from({ length: hours * 4 }, (_, i) => start + i * 15 * minute);
    const wall = wallClock(zone);
    const moments = Array.from(
      { length: (hours + 60) * 4 },
      (_, i) => start + (i * 15 - 30 * 60) * minute,
    );
    const shown = new Map<number, number[]>();
    for (const m of moments) shown.set(wall(m), [...(shown.get(wall(m)) ?? []), m]);
    const before = wall(start - 36 * 60 * minute) - (start - 36 * 60 * minute);
    const after = wall(start + (hours + 36) * 60 * minute) - (start + (hours + 36) * 60 * minute);
    const select = `SELECT make_timestamp(x * 1000) AS t FROM (SELECT unnest([${times.join(", ")}]) AS x)`;
    for (const fold of ["first", "last"] as const) {
      const expected = times.map((t) => {
        const [only, second] = shown.get(t) ?? [];
        const moment = only !== undefined && second === undefined
          ? only
          : t - (fold === "first" ? before : after);
        return new Date(moment).toISOString().slice(0, 19).replace("T", " ");
      });
      assert.deepEqual(await read(select, { timezone: zone, fold }), expected, `${zone} ${fold}`);
    }
    const odd = times.filter((t) => shown.get(t)?.length !== 1).length;
    if (odd === 0) assert.equal((await read(select, { timezone: zone })).length, times.length);
    else await refusal(read(select, { timezone: zone }), new RegExp(` has ${odd} time`), /fold/);
  }
});
