import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Computable } from "../build/compute.ts";
import { inEngine } from "../build/in_engine.ts";
import { withDatabase } from "../engines/duckdb/database.ts";
import { withRows } from "../engines/duckdb/feature.ts";
import { usualMemory } from "../engines/duckdb/memory.ts";
import { MlforgeError } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Meta } from "../publish/meta.ts";
import { openPublisher } from "../publish/open.ts";
import type { Lock } from "../retrieve/lock.ts";
import { type Value, valuesOf } from "../retrieve/open_feature.ts";
import type { AuditRequest } from "./audit_features.ts";
import { compare } from "./compare.ts";
import { theoriesOfLabels } from "./label_theories.ts";
import { gather } from "./raw.ts";
import { recomputable } from "./recomputable.ts";
import type { ColumnAudit, FeatureAudit, LeakReport } from "./report.ts";
import { askLabels, type SampledFile, sampleFile } from "./sample_file.ts";
import { readTrainingSet } from "./training_set.ts";

export interface AuditFileRequest extends AuditRequest {
  /** Absolute path of a training set, Parquet or CSV. */
  file: string;
  /** Absolute path of its lock, where the file carries none, and it does not stand beside it. */
  lock?: string;
  /** Names of features of the lock; all by default. */
  features?: readonly string[];
}

/** A feature of a training set, as its lock names it. */
interface Part {
  locked: Lock["features"][number];
  /** Of that version, and the columns that the file has of it; undefined where the version is gone. */
  found: { meta: Meta; values: Value[] } | undefined;
}

/**
 * Holds a training set against what the raw sources give for its labels by another path, by the rules that its lock names:
 * for a sample of its rows, each value that it has. What can't be recomputed is said, and does not pass for right.
 */
export async function auditFile(request: AuditFileRequest): Promise<LeakReport> {
  const { project, store, file, sample, seed } = request;
  const memory = request.memory ?? usualMemory();
  const scratch = await Deno.makeTempDir({ prefix: "mlforge-audit-" });
  try {
    const publisher = await openPublisher(store, { project: project.name });
    const { lock, notes, parts, sampled } = await withDatabase(
      { memory, folder: scratch },
      async (connection) => {
        const set = await readTrainingSet(connection, file, request.lock);
        const parts = await Promise.all(
          lockedFeatures(set.lock, request.features).map(async (locked): Promise<Part> => {
            const meta = await publisher.metadata(locked.feature, locked.version);
            return { locked, found: meta && { meta, values: columnsInFile(meta, locked) } };
          }),
        );
        const there = parts.flatMap(({ found }) => found ?? []);
        const sampled = await sampleFile(connection, set, {
          file,
          metas: there.map(({ meta }) => meta),
          values: there.flatMap(({ values }) => values),
          sample,
          seed,
          to: join(scratch, "sampled.parquet"),
        });
        return { ...set, parts, sampled };
      },
    );
    const metas = parts.flatMap(({ found }) => found?.meta ?? []);
    const recorded = await recomputable(metas, { project, store, publisher });
    const features: FeatureAudit[] = [];
    for (const { locked, found } of parts) {
      const { feature, version } = locked;
      const work = found === undefined
        ? new MlforgeError("failed", `Can't recompute "${feature}" ${version}: it is gone from the store`)
        : found.meta.content_hash !== locked.content_hash
        ? new MlforgeError(
          "failed",
          `"${feature}" ${version} in this store is not the one that the lock names`,
        )
        : recorded[metas.indexOf(found.meta)];
      const audited = found === undefined || work === undefined || work instanceof MlforgeError
        ? { not_checked: work instanceof MlforgeError ? work.message : "", columns: [] }
        : { columns: await auditPart(found, work, { locked, lock, sampled, memory }) };
      features.push({ feature, version, ...audited });
    }
    return { sample, seed, features, notes };
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

function lockedFeatures({ features }: Lock, names: readonly string[] | undefined): Lock["features"] {
  const unknown = names?.find((name) => !features.some(({ feature }) => feature === name));
  if (unknown !== undefined) {
    throw new MlforgeError("usage", `The training set has no feature "${unknown}"`, {
      hint: suggestName(unknown, features.map(({ feature }) => feature)),
    });
  }
  return features.filter(({ feature }) => names === undefined || names.includes(feature));
}

function columnsInFile(meta: Meta, { feature, version, columns }: Part["locked"]): Value[] {
  const only = columns ?? undefined;
  return valuesOf(
    { feature, version, meta, only },
    meta.columns.map(({ name, dtype }) => ({ name, type: dtype })),
  );
}

async function auditPart(
  { values }: { values: readonly Value[] },
  { feature, sources }: Computable,
  { locked, lock, sampled, memory }: {
    locked: Part["locked"];
    lock: Lock;
    sampled: SampledFile;
    memory: number;
  },
): Promise<ColumnAudit[]> {
  const copy = (folder: string) => join(folder, "sampled.parquet");
  const columns = await inEngine({ feature, sources: sources.map(({ task }) => task), lookups: [] }, {
    memory,
    prepare: (folder) => Deno.copyFile(sampled.file, copy(folder)),
  }, (session, task, options) =>
    withRows(session, task, options, async (rows, watermark) => {
      const connection: DuckDBConnection = session.connection;
      const asked = await askLabels(connection, { ...sampled, file: copy(options.outFolder) }, {
        task,
        rows,
        values,
        lock,
      });
      const raw = await gather(session, task, { rows, watermark, sampled: asked.table });
      const theories = theoriesOfLabels(raw, asked.table, { ...lock, ...locked });
      return await compare(connection, raw, { asked, theories, withRow: true });
    }));
  for (const source of sources) await source.assertUnchanged();
  return columns;
}
