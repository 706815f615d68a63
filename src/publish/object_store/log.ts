import type { LogEntry, Published } from "../publisher.ts";
import { type Context, readText } from "./exchange.ts";
import { recordKey } from "./keys.ts";
import { type CommitRecord, parseRecord } from "./record.ts";
import { readMoment } from "./register.ts";

/** So many records are asked for ahead of the one that comes next. */
const AHEAD = 16;

/**
 * The store's commits, newest first. M names the commit of each feature, and each record the commits before it; a record
 * that no commit is behind is named by nothing. One GET of M, one listing (for the rounds of transactions that were tried
 * more than once), and a GET for each commit.
 */
export async function* readLog(context: Context): AsyncIterable<LogEntry> {
  const moment = await readMoment(context);
  if (moment === undefined) return;
  const { features, retired } = moment.manifest;
  const names = await recordNames(context);
  const records = new Map<string, Promise<CommitRecord | undefined>>();
  const ask = (tx: string) => {
    const asked = records.get(tx) ?? readRecord(context, names.get(tx));
    records.set(tx, asked);
    return asked;
  };
  /** Commits known and not told yet: transaction -> its number. */
  const open = new Map<string, number>();
  const told = new Set<string>();
  const note = ({ tx, seq }: Published) => {
    if (tx !== "" && !told.has(tx)) open.set(tx, seq);
  };
  for (const current of [...features.values(), ...retired.values()]) note(current);
  while (open.size > 0) {
    const next = [...open].sort(([, a], [, b]) => b - a).slice(0, AHEAD).map(([tx]) => tx);
    for (const tx of next) void ask(tx).catch(() => {});
    const [tx = ""] = next;
    open.delete(tx);
    told.add(tx);
    const record = await ask(tx);
    // Another tool's, or taken over from before there was M: the chain ends.
    if (record === undefined) continue;
    yield entryOf(record);
    for (const { before, retired } of record.features.values()) {
      if (before !== null) note(before);
      if (retired !== undefined) note(retired);
    }
  }
}

/** Transaction -> the name of its last round's record: the one that was committed, where one was. */
export async function recordNames({ store }: Context): Promise<Map<string, string>> {
  const rounds = new Map<string, number>();
  for await (const { key } of store.list("_mlforge/tx/")) {
    const [, tx, round] = /^_mlforge\/tx\/([^./]+)(?:\.(\d+))?\.json$/.exec(key) ?? [];
    if (tx !== undefined) rounds.set(tx, Math.max(rounds.get(tx) ?? 1, Number(round ?? 1)));
  }
  return new Map([...rounds].map(([tx, round]) => [tx, round === 1 ? tx : `${tx}.${round}`]));
}

async function readRecord({ store }: Context, name: string | undefined): Promise<CommitRecord | undefined> {
  const found = name === undefined ? undefined : await readText(store, recordKey(name));
  return found === undefined || name === undefined ? undefined : parseRecord(found.text, name);
}

function entryOf({ tx, at, who, kind, features }: CommitRecord): LogEntry {
  const changes = [...features].sort(([a], [b]) => (a < b ? -1 : 1)).map(([feature, { before, after }]) => ({
    feature,
    ...(before === null ? {} : { from: before.version }),
    to: after?.version ?? null,
  }));
  return { tx, at, tool: who.tool, command: who.command, kind, features: changes };
}
