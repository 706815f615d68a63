import type { DuckDBConnection } from "@duckdb/node-api";
import { chunkRanges } from "../engines/duckdb/parquet_chunks.ts";
import { fetchFooters, partOf, SMALL_FILE } from "../engines/duckdb/parquet_part.ts";
import { cacheSettings } from "../fetch/cache_settings.ts";
import type { Wanted } from "../fetch/fill.ts";
import { openLease } from "../fetch/lease.ts";
import { merge, type Range } from "../fetch/ranges.ts";
import { MlforgeError } from "../error.ts";
import { join } from "../path.ts";
import type { Publisher } from "../publish/publisher.ts";
import type { DataPath } from "./choose.ts";
import { type Group, neededGroups } from "./needed_groups.ts";
import { narrow, type Opened, PLACE } from "./open_feature.ts";

/** What was read of a feature's data in a bucket. */
export interface Read {
  /** To the bucket; absent where all of it was downloaded, as a file of its own. */
  requests?: number;
  /** That came, and of how many. */
  bytes: number;
  size: number;
  row_groups: number;
  all_row_groups: number;
}

/** Features' data as retrieval takes it: of large files in a bucket only what the labels need comes here. */
export interface RemoteData extends AsyncDisposable {
  /** As `Publisher.dataPath`; of a large file in a bucket the footer alone is there, until `bring`. */
  dataPath: DataPath;
  /**
   * Brings what labels, which are loaded, can need of a feature: of its view, other rows and columns are gone. Gives what
   * was read; undefined where the data was here.
   */
  bring(
    connection: DuckDBConnection,
    opened: Opened,
    rules: Parameters<typeof neededGroups>[2],
  ): Promise<Read | undefined>;
}

const VANISHED = "This version was removed or replaced meanwhile: mlforge list versions shows what there is.";

/** What a file costs so far. */
interface Started {
  whole: Wanted;
  footer: Range;
  requests: number;
  bytes: number;
}

export function openRemoteData(publisher: Publisher): RemoteData {
  const lease = openLease(cacheSettings());
  const signal = new AbortController().signal;
  const started = new Map<string, Started>();
  const fetchOf = (cost: { requests: number; bytes: number }) => async (wanted: readonly Wanted[]) => {
    let came = 0;
    await lease.fetch(wanted, {
      signal,
      ifChanged: VANISHED,
      onRequest: () => cost.requests++,
      onBytes: (done) => came = done,
    });
    cost.bytes += came;
  };

  return {
    async dataPath({ name: feature, version, mlforge: { bytes } }) {
      const object = bytes <= SMALL_FILE ? undefined : await publisher.dataObject?.(feature, version);
      if (object === undefined) return await publisher.dataPath(feature, version);
      const file = join(lease.folder, feature, `${version}.parquet`);
      const whole: Wanted = {
        bucket: { ...object.store, prefix: "" },
        object,
        file,
        ranges: [[0, object.size]],
      };
      const cost = { requests: 1, bytes: 0 };
      const footer = (await fetchFooters([whole], fetchOf(cost))).get(file);
      if (footer === undefined) return await publisher.dataPath(feature, version);
      started.set(file, { whole, footer, ...cost });
      return file;
    },
    async bring(connection, opened, rules) {
      const { file, feature, version, meta } = opened.chosen;
      const found = started.get(file);
      if (found === undefined) return undefined;
      const { whole, footer, ...cost } = found;
      const groups = await neededGroups(connection, opened, rules);
      const needed = groups.filter((group) => group.needed);
      const time = meta.mlforge.stamp === "none" || meta.timestamp === null ? [] : [meta.timestamp];
      const columns = [...new Set([...meta.keys, ...time, ...opened.values.map(({ name }) => name)])];
      const chunks = await chunkRanges(connection, [file], {
        columns,
        reads: (_, group) => groups[group]?.needed ?? true,
      });
      const part = partOf(whole, footer, chunks?.get(file));
      const { size } = whole.object;
      const counted = { size, row_groups: needed.length, all_row_groups: groups.length };
      if (part !== whole) {
        await fetchOf(cost)([part]);
        await narrow(connection, opened, { columns, where: placesOf(needed) });
        return { ...cost, ...counted };
      }
      // Nearly all of it: then all of it, held against its hash, and kept.
      const path = await publisher.dataPath(feature, version);
      if (path === undefined) {
        throw new MlforgeError("failed", `The data of "${feature}" ${version} is gone`, { hint: VANISHED });
      }
      await narrow(connection, opened, { file: path, columns, where: "true" });
      return { bytes: cost.bytes + size, ...counted };
    },
    [Symbol.asyncDispose]: () => lease[Symbol.asyncDispose](),
  };
}

/** SQL for the rows of these groups, by which DuckDB leaves out the others, as the footer says which rows they hold. */
function placesOf(groups: readonly Group[]): string {
  const places = merge(groups.map(({ first, rows }): Range => [first, first + rows]));
  const ranges = places.map(([from, to]) => `${PLACE} BETWEEN ${from} AND ${to - 1}`);
  return ranges.length === 0 ? "false" : ranges.join(" OR ");
}
