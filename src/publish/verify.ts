import { MlforgeError } from "../error.ts";
import { hashOf } from "./hash.ts";
import type { Meta } from "./meta.ts";
import type { DataState } from "./publisher.ts";

/** Something in a store that is not as mlforge leaves it. */
export interface Finding {
  /** `damage` is wrong for some reader; `leftover` is in nobody's way; `unfinished` is completed by the next write. */
  kind: "damage" | "leftover" | "unfinished";
  /** The file or object: below the store, with "/". */
  where: string;
  what: string;
  /** What to do about it. */
  hint: string;
  /** Whether `--repair` mends it. It loses nothing: what needs a choice is left to a person. */
  mendable: boolean;
}

/** A version whose metadata could be read. */
export interface VerifiedVersion {
  feature: string;
  version: string;
  published: boolean;
  meta: Meta;
  /** In a clone, absent data is no damage. */
  state: DataState;
}

export interface Verified {
  findings: Finding[];
  /** On an object store without `thorough`, the published ones alone. */
  versions: VerifiedVersion[];
}

/** How metadata contradicts itself, a sentence each. */
export async function contradictions(meta: Meta): Promise<string[]> {
  const { name: feature, version } = meta;
  const said: string[] = [];
  if (meta.path !== `${feature}/${version}/data.parquet`) {
    said.push(`its data is said to be at "${meta.path}"`);
  }
  const ours = /^[0-9a-f]{64}$/.test(meta.schema_hash) && meta.mlforge.tool !== "python";
  if (ours && await hashOf(meta.columns) !== meta.schema_hash) {
    said.push("its columns do not fit its schema_hash");
  }
  return said;
}

/** What reading a file threw, as a finding about it. */
export function findingOf(error: unknown, where: string): Finding {
  if (!(error instanceof MlforgeError)) throw error;
  return { kind: "damage", where, what: error.message, hint: error.hint ?? "", mendable: false };
}
