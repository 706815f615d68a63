import { compareVersions, higher } from "../../../src/publish/version.ts";
import { type Objects, type StoredObject, tokenOf } from "../memory_store.ts";

/** The promises of docs/publishing.md, by name. */
export type Invariant =
  | "whole batch"
  | "no lost update"
  | "one register"
  | "numbers rise"
  | "states differ"
  | "committed data"
  | "metadata follows"
  | "redo kept"
  | "pointer committed"
  | "pointer whole"
  | "pointer forward"
  | "foreign pointer"
  | "adopted"
  | "one moment"
  | "reader whole"
  | "honest answer"
  | "fit server"
  | "healed";

export class Violation extends Error {
  constructor(readonly invariant: Invariant, what: string) {
    super(`${invariant}: ${what}`);
  }
}

/** What one builder or one mover set out to commit, told to the ledger before it asks the store. */
export interface Plan {
  build: boolean;
  features: Map<
    string,
    {
      /** Null where the feature is to be retired. */
      version: string | null;
      content: string | undefined;
      base: { version: string; seq: number } | undefined;
    }
  >;
}

interface Named {
  version: string;
  seq: number;
  tx: string;
}

/** M as plain JSON: read here without the product's parser. */
interface PlainManifest {
  seq: number;
  tx: string;
  features: Record<string, Named & { content_hash: string }>;
  top: Record<string, string>;
  retired: Record<string, Named>;
  floor: Record<string, string>;
  pending: {
    tx: string;
    record: string;
    digest: string;
    feature: string;
    version: string | null;
    seq: number;
  }[];
  pointers: Record<string, string>;
}

/** All that happened so far, as far as the promises ask for it. */
export interface History {
  /** By transaction. The plan of a later round takes the place of the earlier one's. */
  plans: Map<string, Plan>;
  /** Transactions whose commit is in M. */
  committed: Set<string>;
  /** Every state of M's features, in order: what a reader of M may see. */
  moments: string[];
  /** `feature@version` -> its data's hash, of all that was ever committed, or published by something else. */
  versions: Map<string, string>;
  /** Features with a pointer before there was M. */
  early: Set<string>;
  /** Moves by the name of their process -> transaction. */
  moves: Map<string, string>;
  /** Tokens of all states of M. */
  tokens: Set<string>;
  /** Every committed step of a feature, as its pointer says it. */
  steps: Set<string>;
  /** Every pointer that something else wrote. */
  others: Set<string>;
  /** Every pointer's token that M ever knew. */
  known: Set<string>;
  /** `feature@version` of all that a collector has taken away, which no commit of M named then. */
  collected: Set<string>;
}

export function newHistory(): History {
  return {
    plans: new Map(),
    committed: new Set(),
    moments: ["{}"],
    versions: new Map(),
    early: new Set(),
    moves: new Map(),
    tokens: new Set(),
    steps: new Set(),
    others: new Set(),
    known: new Set(),
    collected: new Set(),
  };
}

interface PlainRecord {
  tx: string;
  kind: string;
  who: { command: string };
  features: Record<string, { before: Named | null; after: { version: string; content_hash: string } | null }>;
}

/** Watches every change of the store, and stops the run at the first that breaks a promise. */
export type Watch = (key: string, before: StoredObject | undefined, after: StoredObject | undefined) => void;

export const MANIFEST = "_mlforge/manifest.json";

export function watch(objects: Objects, history: History): Watch {
  const { plans, committed, moments, versions, early, tokens, steps, others, known } = history;

  function manifestChanged(before: StoredObject | undefined, after: StoredObject): void {
    const next = plainManifest(after);
    require(!tokens.has(tokenOf(after)), "states differ", "a state of M came back");
    tokens.add(tokenOf(after));
    for (const token of Object.values(next.pointers)) known.add(token);
    moments.push(momentOf(next));
    if (before === undefined) return firstManifest(next);
    const last = plainManifest(before);
    const all = new Set([...Object.keys(last.features), ...Object.keys(next.features)]);
    const touched = [...all].filter((f) => !same(last.features[f], next.features[f]));
    const both = Object.keys(next.retired).filter((f) => next.features[f] !== undefined);
    require(both.length === 0, "one register", `${both} are retired and published`);
    const seq = touched.length === 0 && next.seq === last.seq ? last.seq : last.seq + 1;
    require(next.seq === seq, "one register", `from commit ${last.seq} to ${next.seq}, changing ${touched}`);
    for (const [feature, top] of Object.entries(last.top)) {
      require(
        higher(top, next.top[feature] ?? "0.0.0") === next.top[feature],
        "numbers rise",
        `top of ${feature} fell`,
      );
    }
    for (const [feature, floor] of Object.entries(last.floor)) {
      const risen = higher(floor, next.floor[feature] ?? "0.0.0") === next.floor[feature];
      require(risen, "numbers rise", `floor of ${feature} fell`);
    }
    keptPending(last, next);
    if (next.seq !== last.seq) isCommitted(last, next, touched);
  }

  function firstManifest(next: PlainManifest): void {
    for (const feature of early) {
      const found = next.features[feature]?.version;
      require(found !== undefined, "adopted", `${feature} is left out`);
      require(versions.has(`${feature}@${found}`), "adopted", `${feature} ${found} was never there`);
    }
  }

  function isCommitted(last: PlainManifest, next: PlainManifest, touched: readonly string[]): void {
    const plan = plans.get(next.tx);
    require(plan !== undefined, "whole batch", `${next.tx} commits without a plan`);
    const wanted = [...plan.features.keys()].sort();
    require(same(touched.toSorted(), wanted), "whole batch", `${touched} instead of ${wanted}`);
    require(!committed.has(next.tx), "whole batch", `${next.tx} commits twice`);
    committed.add(next.tx);
    for (const [feature, { version, content, base }] of plan.features) {
      const now = next.features[feature];
      const name = `${feature}@${version}`;
      const done = version === null
        ? now === undefined && next.retired[feature]?.tx === next.tx
        : now?.version === version && now.tx === next.tx;
      require(done, "whole batch", `${name} was planned`);
      const was = last.features[feature];
      require(
        was?.version === base?.version && was?.seq === base?.seq,
        "no lost update",
        `${name} was planned on ${base?.version} (${base?.seq}), not on ${was?.version} (${was?.seq})`,
      );
      steps.add(`${feature} ${version} ${next.seq} ${next.tx}`);
      if (version === null) continue;
      const top = last.top[feature];
      if (plan.build) {
        require(
          top === undefined || compareVersions(version, top) > 0,
          "numbers rise",
          `${name} with top ${top}`,
        );
      }
      require(
        higher(next.top[feature], version) === next.top[feature],
        "numbers rise",
        `${name} is above top`,
      );
      if (plan.build) versions.set(name, content ?? "");
      holdsData(name);
    }
    for (const entry of next.pending.filter((e) => e.tx === next.tx)) {
      const record = objects.get(`_mlforge/tx/${entry.record}.json`);
      require(record?.sha256 === entry.digest, "redo kept", `${entry.feature} without its record`);
    }
    const redo = next.pending.filter((e) => e.tx === next.tx && e.seq === next.seq).map((e) => e.feature)
      .sort();
    require(same(redo, wanted), "redo kept", `${redo} pending of ${wanted}`);
  }

  function movePlanned(object: StoredObject): void {
    const record = json<PlainRecord>(object);
    if (record.kind === "build") return;
    history.moves.set(record.who.command, record.tx);
    const features = Object.entries(record.features).map(([feature, { before, after }]) => {
      const base = before ?? undefined;
      return [feature, { version: after?.version ?? null, content: after?.content_hash, base }] as const;
    });
    plans.set(record.tx, { build: false, features: new Map(features) });
  }

  function keptPending(last: PlainManifest, next: PlainManifest): void {
    for (const { feature, version, seq } of last.pending) {
      if (next.pending.some((e) => e.feature === feature && e.seq === seq)) continue;
      const metadata = version === null || objects.has(`${feature}/${version}/.meta.json`);
      const pointer = objects.get(`${feature}/_latest.json`);
      const done = (next.features[feature] ?? next.retired[feature])?.seq !== seq ||
        pointer !== undefined &&
          (others.has(pointer.sha256) || (json<Partial<Named>>(pointer).seq ?? 0) >= seq);
      require(metadata && done, "redo kept", `${feature} ${version} is cleared before it is done`);
    }
  }

  function holdsData(name: string): void {
    const [feature, version] = name.split("@");
    const data = objects.get(`${feature}/${version}/data.parquet`);
    require(data !== undefined, "committed data", `${name} has no data`);
    require(data.sha256 === versions.get(name), "committed data", `${name} has other data`);
  }

  function pointerChanged(feature: string, before: StoredObject | undefined, after: StoredObject): void {
    const next = json<Partial<Omit<Named, "version"> & { version: string | null }>>(after);
    if (next.seq === undefined) {
      others.add(after.sha256);
      return;
    }
    const name = `${feature}@${next.version}`;
    const step = `${feature} ${next.version} ${next.seq} ${next.tx}`;
    require(steps.has(step), "pointer committed", `${step} was never committed`);
    if (before !== undefined && others.has(before.sha256)) {
      require(known.has(tokenOf(before)), "foreign pointer", `of ${feature} is overwritten`);
    }
    const last = before === undefined ? 0 : json<Partial<Named>>(before).seq ?? 0;
    require(next.seq >= last, "pointer forward", `${name} went from ${last} back to ${next.seq}`);
    if (next.version === null) return;
    require(objects.has(`${feature}/${next.version}/.meta.json`), "pointer whole", `${name} has no metadata`);
    holdsData(name);
  }

  /** Whether a collector may take away a version now: withdrawn, published by nothing, and named by no pointer. */
  function mayGo(feature: string, version: string): boolean {
    const manifest = objects.get(MANIFEST);
    if (manifest === undefined) return false;
    const { features, floor } = plainManifest(manifest);
    const limit = floor[feature];
    if (limit === undefined || compareVersions(version, limit) > 0) return false;
    if (features[feature]?.version === version) return false;
    const pointer = objects.get(`${feature}/_latest.json`);
    // A pointer that something else moves meanwhile is nobody's promise.
    const named = pointer !== undefined && json<Partial<Named>>(pointer).version === version;
    return !named || others.has(pointer.sha256);
  }

  function metadataChanged(
    name: string,
    before: StoredObject | undefined,
    after: StoredObject | undefined,
  ): void {
    const [feature = "", version = ""] = name.split("@");
    if (after === undefined) {
      require(mayGo(feature, version), "committed data", `metadata of ${name} was deleted`);
      return void history.collected.add(name);
    }
    require(before === undefined, "metadata follows", `${name} changed`);
    const hash = json<{ content_hash: string }>(after).content_hash;
    require(versions.get(name) === hash, "metadata follows", `${name} was never committed like this`);
  }

  return (key, before, after) => {
    if (key === MANIFEST) {
      require(after !== undefined, "one register", "M was deleted");
      return manifestChanged(before, after);
    }
    if (key.startsWith("_mlforge/tx/") && after !== undefined) return movePlanned(after);
    const [feature, version, file] = key.split("/");
    if (feature === undefined || version === undefined || feature === "_mlforge") return;
    if (version === "_latest.json") {
      require(after !== undefined, "pointer committed", `that of ${feature} was deleted`);
      return pointerChanged(feature, before, after);
    }
    const name = `${feature}@${version}`;
    if (file === ".meta.json") metadataChanged(name, before, after);
    else if (versions.has(name) && after === undefined && mayGo(feature, version)) {
      history.collected.add(name);
    } else if (versions.has(name) && !isCollected(history, feature, version)) holdsData(name);
  };
}

/** Every state of M is looked at twice: as the next one, and as the last one. */
const manifests = new WeakMap<StoredObject, PlainManifest>();

/** One feature is called `constructor`: what plain objects inherit must not be found. */
function plainManifest(object: StoredObject): PlainManifest {
  const parsed = manifests.get(object);
  if (parsed !== undefined) return parsed;
  const manifest = json<PlainManifest>(object);
  manifests.set(object, manifest);
  for (
    const record of [manifest.features, manifest.retired, manifest.top, manifest.floor, manifest.pointers]
  ) {
    Object.setPrototypeOf(record, null);
  }
  return manifest;
}

/** Whether a collector has taken away a version, or some of it. */
export function isCollected({ collected }: History, feature: string, version: string): boolean {
  return collected.has(`${feature}@${version}`);
}

/** What a reader of M sees, as one comparable text. */
export function momentOf(manifest: { features: Record<string, { version: string; seq: number }> }): string {
  const versions = Object.entries(manifest.features).map(([f, { version, seq }]) => [f, `${version} ${seq}`]);
  return JSON.stringify(Object.fromEntries(versions.sort()));
}

export function json<T>(object: StoredObject): T {
  return JSON.parse(new TextDecoder().decode(object.bytes));
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function require(holds: boolean, invariant: Invariant, what: string): asserts holds {
  if (!holds) throw new Violation(invariant, what);
}
