import { join } from "node:path";
import { inEngine } from "../build/in_engine.ts";
import type { Computable } from "../build/compute.ts";
import type { Project } from "../definitions/model.ts";
import { columnsOf, literal } from "../engines/duckdb/types.ts";
import { withDatabase } from "../engines/duckdb/database.ts";
import { withRows } from "../engines/duckdb/feature.ts";
import { usualMemory } from "../engines/duckdb/memory.ts";
import { MlforgeError } from "../error.ts";
import { openPublisher } from "../publish/open.ts";
import { chooseFeatures, type Chosen } from "../retrieve/choose.ts";
import { valuesOf } from "../retrieve/open_feature.ts";
import type { StoreConfig } from "../stores/config.ts";
import { compare, type Theories } from "./compare.ts";
import { gather, type Raw } from "./raw.ts";
import { recomputable } from "./recomputable.ts";
import type { FeatureAudit, LeakReport } from "./report.ts";
import { askRows, compareRows, readSampled, sampleKeys, type SampleOptions } from "./sample_feature.ts";
import { type AskedColumn, slips } from "./theory.ts";

export interface AuditRequest extends SampleOptions {
  project: Project;
  store: StoreConfig;
  /** `name`, `name@1.2.0`, `name:column+column`; all published ones where undefined. */
  features?: readonly string[];
  /** In bytes, for DuckDB. */
  memory?: number;
}

/**
 * Holds published values against what the raw sources give by another path: metrics by the SQL that defines them
 * (docs/time.md), all else by the feature's own SQL or function, run anew. A feature whose definition or sources are not
 * those it was built from is not checked, and the report says why.
 */
export async function auditFeatures(request: AuditRequest): Promise<LeakReport> {
  const { project, store, sample, seed } = request;
  const publisher = await openPublisher(store, { project: project.name });
  const snapshot = await publisher.read();
  const wanted = request.features ?? [...snapshot.features.keys()];
  if (wanted.length === 0) {
    throw new MlforgeError("usage", "Nothing is published that could be audited", {
      hint: "Run mlforge build.",
    });
  }
  const chosen = await chooseFeatures(publisher, snapshot, wanted);
  const recorded = await recomputable(chosen.map(({ meta }) => meta), { project, store, publisher });
  const features: FeatureAudit[] = [];
  for (const [i, one] of chosen.entries()) {
    const work = recorded[i];
    const columns = work === undefined || work instanceof MlforgeError
      ? { not_checked: work?.message ?? "", columns: [] }
      : await auditFeature(one, work, request);
    features.push({ feature: one.feature, version: one.version, ...columns });
  }
  return { sample, seed, features, notes: [...snapshot.notes] };
}

async function auditFeature(
  chosen: Chosen,
  { feature, sources }: Computable,
  request: AuditRequest,
): Promise<Pick<FeatureAudit, "rows" | "columns">> {
  const memory = request.memory ?? usualMemory();
  const sampled = (folder: string) => join(folder, "sampled.parquet");
  const found = await inEngine({ feature, sources: sources.map(({ task }) => task), lookups: [] }, {
    memory,
    prepare: (folder) =>
      withDatabase(
        { memory, folder },
        (connection) => sampleKeys(connection, chosen, { ...request, to: sampled(folder) }),
      ),
  }, (session, task, options) =>
    withRows(session, task, options, async (rows, watermark) => {
      const { connection } = session;
      const file = sampled(options.outFolder);
      const described = columnsOf(
        await connection.run(`SELECT * FROM read_parquet(${literal(file)}) LIMIT 0`),
      );
      const columns = valuesOf(chosen, described).map(({ name, type }): AskedColumn => ({
        name,
        shown: name,
        type,
      }));
      const published = await readSampled(connection, chosen, { file, columns });
      const raw = await gather(session, task, { rows, watermark, sampled: published });
      const compared = await compareRows(connection, raw);
      const asked = await askRows(connection, raw, columns, request);
      const theories = theoriesOfStamps(raw, asked.table);
      return { rows: compared, columns: await compare(connection, raw, { asked, theories, withRow: false }) };
    }));
  for (const source of sources) await source.assertUnchanged();
  return found;
}

/** A published row's values are those at its stamp. */
function theoriesOfStamps({ task, events }: Raw, asked: string): Theories {
  if (task.timestamp === undefined) return { right: { found: undefined }, wrong: [] };
  const found = `SELECT n, moment AS stamp FROM ${asked}`;
  return { right: { found }, wrong: events === undefined ? [] : slips(found, events) };
}
