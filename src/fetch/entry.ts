import * as v from "valibot";
import { moveInto, readTextIfThere } from "../stores/files.ts";
import type { Range } from "./ranges.ts";

/** Where one state of one object is kept. All of it is read and written under the entry's lock only. */
export interface Entry {
  /** The bytes, each at its own place: a file of the object's full size, with holes where nothing was fetched. */
  data: string;
  /** Says which bytes are there. */
  state: string;
  /** The state on its way. */
  draft: string;
  lock: string;
}

export function entryAt(folder: string, id: string): Entry {
  const path = `${folder}/${id}`;
  return { data: `${path}.data`, state: `${path}.json`, draft: `${path}.draft`, lock: `${path}.lock` };
}

const stateSchema = v.object({
  ranges: v.array(v.tuple([v.number(), v.number()])),
  /** Of the data file when this was written: another one was changed by somebody else, or not brought to the disk. */
  modified: v.number(),
  inode: v.nullable(v.number()),
});

/** The bytes that are there; undefined where there is no entry, or one that is not as it was left. */
export async function whatIsThere({ data, state }: Entry, size: number): Promise<Range[] | undefined> {
  const found = await Deno.stat(data).catch(() => undefined);
  const text = await readTextIfThere(state).catch(() => undefined);
  if (found === undefined || text === undefined) return undefined;
  try {
    const { ranges, modified, inode } = v.parse(stateSchema, JSON.parse(text));
    const same = found.size === size && found.mtime?.getTime() === modified && found.ino === inode;
    return same ? ranges : undefined;
  } catch {
    return undefined;
  }
}

/** Puts an empty entry in the place of what may be there. A file that someone still reads stays theirs. */
export async function renew({ data, state }: Entry, size: number): Promise<void> {
  for (const path of [state, data]) await Deno.remove(path).catch(() => {});
  using file = await Deno.open(data, { write: true, createNew: true, mode: 0o600 });
  await file.truncate(size);
}

/** Says that these bytes are there, once they are on the disk: a power failure leaves no state that lies. */
export async function record({ data, state, draft }: Entry, ranges: readonly Range[]): Promise<void> {
  using file = await Deno.open(data, { read: true, write: true });
  await file.syncData();
  const { mtime, ino } = await file.stat();
  const text = JSON.stringify({ ranges, modified: mtime?.getTime() ?? 0, inode: ino });
  await Deno.writeTextFile(draft, text, { mode: 0o600 });
  await moveInto(draft, state);
}

/** Used now: what was not used for the longest time goes first. */
export async function touch({ state }: Entry): Promise<void> {
  await Deno.utime(state, new Date(), new Date()).catch(() => {});
}
