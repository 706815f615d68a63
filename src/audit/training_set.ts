import type { DuckDBConnection } from "@duckdb/node-api";
import { engineError } from "../engines/duckdb/errors.ts";
import { literal } from "../engines/duckdb/types.ts";
import { MlforgeError } from "../error.ts";
import { outputFormatOf } from "../retrieve/formats.ts";
import { embedded, type Lock, lockBeside, parseLock, readLock } from "../retrieve/lock.ts";
import { LOCK_METADATA } from "../retrieve/output.ts";
import { hashFile } from "../stores/files.ts";

export interface TrainingSet {
  lock: Lock;
  format: "parquet" | "csv";
  /** Worth saying. */
  notes: string[];
}

/** Finds a training set's lock: the one that is named, else that in its Parquet metadata, else that beside it. */
export async function readTrainingSet(
  connection: DuckDBConnection,
  file: string,
  named: string | undefined,
): Promise<TrainingSet> {
  await Deno.stat(file).catch((cause: unknown) => {
    throw new MlforgeError("usage", `Can't read the training set "${file}"`, {
      cause,
      hint: cause instanceof Deno.errors.NotFound ? "There is no such file." : "Is it readable?",
    });
  });
  const format = outputFormatOf(file);
  if (format === "arrow") {
    throw new MlforgeError("usage", `Can't audit "${file}": it is in Arrow's file format`, {
      hint:
        "Retrieve it as Parquet: mlforge retrieve --locked LOCK makes the same again from a lock for Parquet.",
    });
  }
  const beside = named ?? lockBeside(file);
  const there = named !== undefined || await Deno.stat(beside).then(() => true, () => false);
  const apart = there ? await readLock(beside) : undefined;
  const carried = named === undefined && format === "parquet" ? await carriedBy(connection, file) : undefined;
  const lock = carried ?? apart;
  if (lock === undefined) {
    throw new MlforgeError("usage", `"${file}" carries no lock, and there is none beside it`, {
      hint: "Name it with --lock. What mlforge retrieve did not write can't be audited.",
    });
  }
  // Beside it may stand the lock of a file of the same name and another ending.
  const own = apart !== undefined && (carried === undefined || embedded(apart) === embedded(carried));
  const changed = own && apart.output.sha256 !== undefined && apart.output.sha256 !== await hashFile(file);
  return {
    lock,
    format,
    notes: changed ? [`${file} is not the file that ${beside} names: its SHA-256 is another one`] : [],
  };
}

async function carriedBy(connection: DuckDBConnection, file: string): Promise<Lock | undefined> {
  try {
    const reader = await connection.runAndReadAll(
      `SELECT decode(value) FROM parquet_kv_metadata(${literal(file)}) WHERE decode(key) = ${
        literal(LOCK_METADATA)
      }`,
    );
    const text = reader.getRows()[0]?.[0];
    return text === undefined ? undefined : parseLock(String(text), `in "${file}"`);
  } catch (cause) {
    throw engineError(cause, `read the training set "${file}"`);
  }
}
