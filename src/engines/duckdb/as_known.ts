import { MlforgeError } from "../../error.ts";
import type { FeatureTask } from "../task.ts";
import type { Rows } from "./relation.ts";
import { rolling } from "./rolling.ts";
import type { Session } from "./session.ts";
import { quote, storableValue } from "./types.ts";
import type { Validity } from "./validity.ts";

const NAMES = {
  numbered: "_mlforge_numbered",
  moments: "_mlforge_moments",
  ranked: "_mlforge_ranked",
};
const ROW = "_mlforge_row";

/**
 * Makes the table `into` of the rows of a feature with event times whose sources say when they were known: for each key what
 * was known, one row for each moment at which that became another one. Such a row is the newest of those that count (by
 * their own times), stamped with the moment after which it is; NULLs where the last one has been taken away. So whoever
 * takes the newest row strictly before a moment gets what was known then.
 *
 * Finding them is a rolling `max` of the rows' numbers, which are in the order of their times, over a window without end whose
 * buckets are the moments at which anything changes, numbered.
 */
export async function asKnown(
  { connection, instance }: Session,
  task: FeatureTask,
  { rows, validity, into }: { rows: Rows; validity: Validity; into: string },
): Promise<void> {
  const { keys, timestamp } = task;
  const { since, until } = validity;
  const time = quote(timestamp?.column ?? "");
  await refuseTwo(connection, task, rows, validity);
  try {
    await connection.run(
      `CREATE TABLE ${NAMES.numbered} AS
       SELECT *, row_number() OVER (ORDER BY ${time}) AS ${ROW} FROM ${rows.name}`,
    );
    const moments = [since, ...(until === undefined ? [] : [until])];
    await connection.run(
      `CREATE TABLE ${NAMES.moments} AS SELECT moment, row_number() OVER (ORDER BY moment) AS n FROM (${
        moments.map((moment) => `SELECT ${moment} AS moment FROM ${NAMES.numbered}`).join(" UNION ")
      }) WHERE moment IS NOT NULL`,
    );
    const second = (table: string) => `make_timestamp(${table}.n * 1000000)`;
    await connection.run(
      `CREATE VIEW ${NAMES.ranked} AS
       SELECT ${
        [...keys.map((key) => `r.${quote(key)}`), `r.${ROW}`, `${second("s")} AS ${since}`].join(", ")
      }
         ${until === undefined ? "" : `, ${second("u")} AS ${until}`}
       FROM ${NAMES.numbered} r JOIN ${NAMES.moments} s ON s.moment = r.${since}
         ${until === undefined ? "" : `LEFT JOIN ${NAMES.moments} u ON u.moment = r.${until}`}`,
    );
    const counted = await connection.runAndReadAll(`SELECT count(*) FROM ${NAMES.moments}`);
    const count = Number(counted.getRows()[0]?.[0]);
    const rolled = await rolling({
      instance,
      connection,
      relation: NAMES.ranked,
      keys,
      time: since,
      interval: 1,
      metrics: [{ name: ROW, input: ROW, aggregation: "max", window: count + 1 }],
      // Where nothing is replaced, rows enter in the order of that time and stay.
      ...(until === undefined ? {} : { validity }),
      lastStamp: BigInt(count + 1) * 1_000_000n,
    });
    try {
      const by = keys.map((key) => `k.${quote(key)}`);
      const others = rows.columns.slice(keys.length + 1).map((column) =>
        `${storableValue(column, "r")} AS ${quote(column.name)}`
      );
      await connection.run(
        `CREATE TABLE ${into} AS
         SELECT ${[...by, `m.moment AS ${time}`, ...others].join(", ")}
         FROM (
           SELECT * FROM (SELECT ${rolled.select} FROM ${rolled.table})
           QUALIFY ${ROW} IS DISTINCT FROM lag(${ROW}) OVER (PARTITION BY ${
          keys.map(quote).join(", ")
        } ORDER BY ${since})
         ) k JOIN ${NAMES.moments} m ON m.n = epoch_us(k.${since}) // 1000000 - 1
           LEFT JOIN ${NAMES.numbered} r ON r.${ROW} = k.${ROW}
         ORDER BY ${[...by, "m.moment"].join(", ")}`,
      );
    } finally {
      await rolled.drop();
    }
  } finally {
    await connection.run(`DROP VIEW IF EXISTS ${NAMES.ranked}`);
    await connection.run(`DROP TABLE IF EXISTS ${NAMES.moments}`);
    await connection.run(`DROP TABLE IF EXISTS ${NAMES.numbered}`);
  }
}

/** Of two rows of one key and time that count at once, neither is the newest. */
async function refuseTwo(
  connection: Session["connection"],
  task: FeatureTask,
  rows: Rows,
  { since, until }: Validity,
): Promise<void> {
  const identity = [...task.keys, task.timestamp?.column ?? ""];
  const by = identity.map(quote).join(", ");
  const end = until === undefined ? "'infinity'" : `coalesce(${until}, 'infinity')`;
  const reader = await connection.runAndReadAll(
    `SELECT ${identity.map((name) => `CAST(${quote(name)} AS VARCHAR)`).join(", ")}, count(*) OVER () FROM (
       SELECT *, max(CAST(${end} AS TIMESTAMP)) OVER (
         PARTITION BY ${by} ORDER BY ${since} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
       ) AS before FROM ${rows.name}
     ) WHERE before > ${since} ORDER BY ${by} LIMIT 1`,
  );
  const [first] = reader.getRows();
  if (first === undefined) return;
  const values = identity.map((name, i) => `${name}=${task.hidden.includes(name) ? "(hidden)" : first[i]}`);
  const cases = `${first.at(-1)} such case${Number(first.at(-1)) === 1 ? "" : "s"} in all`;
  throw new MlforgeError(
    "failed",
    `Feature "${task.feature}" has several rows for ${values.join(", ")} that count at once (${cases})`,
    {
      place: task.place,
      hint: until === undefined
        ? "If one corrects the other, the source's `row_id` has to say so. Else keep one for each key and time."
        : "Keep one row for each key and time: aggregate in SQL, or use metrics.",
    },
  );
}
