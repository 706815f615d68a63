import { DuckDBInstance } from "@duckdb/node-api";
import { join } from "node:path";
import { auditFeatures, type AuditRequest } from "../../src/audit/audit_features.ts";
import { auditFile, type AuditFileRequest } from "../../src/audit/audit_file.ts";
import type { FeatureAudit, LeakReport } from "../../src/audit/report.ts";
import { openPublisher } from "../../src/publish/open.ts";
import { retrieve, type RetrieveRequest } from "../../src/retrieve/retrieve.ts";
import { hashFile } from "../../src/stores/files.ts";
import { openWorkshop, type Workshop } from "../build/workshop.ts";

/** Three users' events of 30 days: at full hours, so that many share one, and some are at midnight. */
const EVENTS = `SELECT 'u' || hash(i * 7) % 3 AS user,
  TIMESTAMP '2026-01-01' + to_hours((hash(i * 7 + 1) % 720)::INTEGER) AS seen,
  CASE WHEN hash(i * 7 + 2) % 9 > 0 THEN ((hash(i * 7 + 3) % 2001)::DOUBLE - 1000) / 7 END AS amount,
  (hash(i * 7 + 4) % 5)::INTEGER AS shop
  FROM range(300) t(i)`;

const DEFINITIONS = `name: shop
sources:
  events: {path: events.parquet}
entities:
  user: {join_key: user}
features:
  spend:
    source: events
    entities: [user]
    timestamp: seen
    interval: 1d
    metrics:
      - {windows: [1d, 7d], aggregations: {amount: [sum, mean, max], "*": [count]}}
  visits:
    source: events
    entities: [user]
    timestamp: seen
    sql: select user, seen, max(amount) as amount from events group by user, seen
  profile:
    source: events
    entities: [user]
    sql: select user, max(shop) as shop, avg(amount) as usual from events group by user
`;

/** A built project, and what it takes to leak in it. */
export interface Ground extends AsyncDisposable {
  shop: Workshop;
  /** Runs SQL in which `events` are the source's rows, `$DIR` is the folder, and each feature's published rows are its name. */
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<unknown[][]>;
  /** Puts what the query gives in the place of a feature's published data, as a leaky build would have published it. */
  publish(feature: string, sql: string): Promise<void>;
  audit(request?: Partial<AuditRequest>): Promise<LeakReport>;
  /** Retrieves into train.parquet for the labels that the query gives: with the columns `user` and `seen`. */
  retrieve(
    labels: string,
    request: Pick<RetrieveRequest, "features"> & Partial<RetrieveRequest>,
  ): Promise<void>;
  /** Puts what the query gives in the place of train.parquet, with its lock. */
  alter(sql: string): Promise<void>;
  auditFile(request?: Partial<AuditFileRequest>): Promise<LeakReport>;
}

export async function openGround(
  { definitions = DEFINITIONS, events = EVENTS }: { definitions?: string; events?: string } = {},
): Promise<Ground> {
  const shop = await openWorkshop({ "definitions.yaml": definitions });
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const train = join(shop.folder, "train.parquet");
  const run = async (sql: string) => void await connection.run(sql.replaceAll("$DIR", shop.folder));
  await run("SET TimeZone = 'UTC'");
  await run(`COPY (${events}) TO '$DIR/events.parquet' (FORMAT parquet)`);
  await shop.build();
  await run("CREATE VIEW events AS SELECT * FROM '$DIR/events.parquet'");
  for (const feature of Object.keys(await shop.published())) {
    await run(`CREATE VIEW ${feature} AS SELECT * FROM '${await shop.data(feature)}'`);
  }
  const asked = async () => ({ project: await shop.load(), store: shop.store, sample: 1000, seed: 0 });
  return {
    shop,
    run,
    async rows(sql) {
      return (await connection.runAndReadAll(sql.replaceAll("$DIR", shop.folder))).getRows();
    },
    async publish(feature, sql) {
      const data = await shop.data(feature);
      await run(`COPY (${sql}) TO '${data}.new' (FORMAT parquet)`);
      await Deno.rename(`${data}.new`, data);
      const file = join(data, "../.meta.json");
      const meta = JSON.parse(await Deno.readTextFile(file));
      await Deno.writeTextFile(file, JSON.stringify({ ...meta, content_hash: await hashFile(data) }));
    },
    audit: async (request = {}) => await auditFeatures({ ...await asked(), ...request }),
    async retrieve(labels, request) {
      await run(`COPY (${labels}) TO '$DIR/labels.parquet' (FORMAT parquet)`);
      const publisher = await openPublisher(shop.store);
      await retrieve({ publisher, labels: join(shop.folder, "labels.parquet"), output: train, ...request });
    },
    async alter(sql) {
      const lock = await connection.runAndReadAll(
        `SELECT decode(value) FROM parquet_kv_metadata('${train}') WHERE decode(key) = 'mlforge_lock'`,
      );
      const text = String(lock.getRows()[0]?.[0]).replaceAll("'", "''");
      await run(`COPY (${sql}) TO '${train}.new' (FORMAT parquet, KV_METADATA {mlforge_lock: '${text}'})`);
      await Deno.rename(`${train}.new`, train);
    },
    auditFile: async (request = {}) => await auditFile({ ...await asked(), file: train, ...request }),
    async [Symbol.asyncDispose]() {
      connection.closeSync();
      instance.closeSync();
      await shop[Symbol.asyncDispose]();
    },
  };
}

/** What was found of one feature. */
export function of(report: LeakReport, feature: string): FeatureAudit {
  const found = report.features.find((one) => one.feature === feature);
  if (found === undefined) throw new Error(`The report has no ${feature}`);
  return found;
}

/** Column -> what its differing values look like ("differs" where it can't be told); columns that are right are left out. */
export function looksOf({ columns }: FeatureAudit): Record<string, string> {
  return Object.fromEntries(
    columns.filter(({ differing }) => differing > 0).map((
      { column, looks_like },
    ) => [column, looks_like ?? "differs"]),
  );
}
