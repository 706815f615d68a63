import type { MlforgeError } from "../../error.ts";
import type { DataState } from "../../publish/publisher.ts";

/** What became of one version's data. */
export interface SyncItem {
  feature: string;
  version: string;
  /** As it was found. */
  state: DataState;
  /** `missing` is a dry run's: it would be restored. */
  outcome: "here" | "missing" | "restored" | "copied" | "failed";
  /** What shows that it is the same: its bytes, or its rows in bytes of another engine or platform. */
  proof?: "bytes" | "rows";
  /** The profile that it was (or would be) taken from. */
  from?: string;
  rows?: number;
  bytes?: number;
  error?: MlforgeError;
}

export interface SyncReport {
  items: SyncItem[];
  notes: string[];
  seconds: number;
}

/** Notes what became of an item, in place. */
export function conclude(item: SyncItem, became: Partial<SyncItem>): void {
  Object.assign(item, became);
}
