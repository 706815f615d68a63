/** 32 simple features over one source of 1,000,000 rows: one build of all, against 32 builds of one each. */
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { compare } from "./paired.ts";

const main = new URL("../main.ts", import.meta.url).pathname;
const deno = Deno.execPath();
const folder = await Deno.makeTempDir({ prefix: "mlforge-bench-" });
const names = Array.from({ length: 32 }, (_, i) => `amount_${i}`);
const instance = await DuckDBInstance.create(":memory:");
const connection = await instance.connect();
await connection.run(
  `COPY (SELECT hash(i) % 20000 AS user_id, (hash(i, 1) % 100000) / 7 AS amount FROM range(1000000) t(i))
   TO '${join(folder, "events.parquet")}' (FORMAT parquet)`,
);
await Deno.writeTextFile(
  join(folder, "mlforge.yaml"),
  "default_profile: dev\nprofiles:\n  dev:\n    offline_store: {KIND: local, path: ./store}\n",
);
await Deno.writeTextFile(
  join(folder, "definitions.yaml"),
  "name: bench\nsources:\n  events: {path: events.parquet}\nfeatures:\n" +
    names.map((name, i) =>
      `  ${name}: {source: events, keys: [user_id], sql: "select user_id, max(amount) + ${i} as most, count(*) as n from events group by user_id"}\n`
    ).join(""),
);
const clear = () => Deno.remove(join(folder, "store"), { recursive: true }).catch(() => {});
const build = `"${deno}" run -A "${main}" build --quiet`;
try {
  await compare("32 features of one source", [
    {
      name: "32 builds of one feature",
      command: ["sh", "-c", names.map((name) => `${build} --features ${name}`).join(" && ")],
      cwd: folder,
      before: clear,
    },
    { name: "one build of 32 features", command: ["sh", "-c", build], cwd: folder, before: clear },
  ], 3);
} finally {
  await Deno.remove(folder, { recursive: true });
}
