/**
 * 10,000,000 events of 100,000 users over a year, each user active for 80 days of it: a Parquet file in a cache folder,
 * made once. Seeded by the numbers of the rows, so that it is the same everywhere.
 */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";

export const EVENTS = 10_000_000;
export const USERS = 100_000;

/** A number in [0, 1) for each row and `which`. */
const chance = (which: number) => `((hash(i * 4 + ${which}) >> 11)::DOUBLE / ${2 ** 53})`;

/** Path of the file: user_id BIGINT, event_time TIMESTAMP, amount DOUBLE; in the order of no column. */
export async function eventsFile(): Promise<string> {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const folder = join(home, "mlforge", "bench");
  const path = join(folder, "events-1.parquet");
  if (await Deno.stat(path).then(() => true, () => false)) return path;
  await Deno.mkdir(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run(
    `COPY (
       SELECT user_id,
         TIMESTAMP '2024-01-01' + to_days((hash(user_id) % 286)::INTEGER)
           + to_microseconds((${chance(1)} * 80 * 86400e6)::BIGINT) AS event_time,
         round(exp(${chance(2)} * 8), 2) AS amount
       FROM (SELECT i, floor(${chance(0)} * ${USERS})::BIGINT AS user_id FROM range(${EVENTS}) t(i))
     ) TO '${path}.part' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
  await Deno.rename(`${path}.part`, path);
  return path;
}

if (import.meta.main) console.log(await eventsFile());
