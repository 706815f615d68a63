import { suggestName } from "../nearest.ts";
import { definedOnly } from "./check_source.ts";
import { type CheckScope, readChecks } from "./checks/read.ts";
import { parseDuration } from "./duration.ts";
import { checkMetrics } from "./metrics.ts";
import type { Check } from "./checks/model.ts";
import { type Duration, type Entity, type Feature, type Source, TIME_FORMATS } from "./model.ts";
import type { Timestamp, Transform } from "./model.ts";
import { whyNotName } from "./names.ts";
import type { Reporter } from "./reporter.ts";
import type { RawFeature } from "./schema.ts";

/** What names in a feature can mean. One that is written but wrong is known, and undefined: it has its own error. */
export interface Known {
  sources: ReadonlyMap<string, Source | undefined>;
  entities: ReadonlyMap<string, Entity | undefined>;
  /** All names of features, also those that are wrong. */
  features: readonly string[];
  /** How the form writes what the two write differently. */
  form: { inputChecks: string; knownAt: string; rowId: string };
}

/** Makes a feature of what has the right shape; what is wrong with it goes to `report`. */
export function checkFeature(name: string, raw: RawFeature, known: Known, report: Reporter): Feature {
  const sources = checkSources(name, raw, known, report);
  const { entities, keys } = checkKeys(name, raw, known, report);
  const timestamp = checkTimestamp(name, raw, keys, report);
  if (timestamp !== undefined) checkVersions(name, sources, known, report);
  const interval = checkInterval(name, raw, report);
  const tag = raw.tag ?? name;
  const whyNotTag = whyNotName(tag);
  if (raw.tag !== undefined && whyNotTag !== undefined) {
    report.at(["tag"], `Tag "${tag}" of feature "${name}" ${whyNotTag}`);
  }
  const taken = [...keys, ...(timestamp === undefined ? [] : [timestamp.column])];
  const metrics = checkMetrics({ name, tag, interval, taken }, raw.metrics ?? [], report.below("metrics"));
  const hidden = Object.entries(raw.columns ?? {}).flatMap(([column, { statistics }]) =>
    statistics ? [] : [column]
  );
  const scope: Omit<CheckScope, "on"> = {
    feature: name,
    timed: timestamp !== undefined,
    // Of what is wrong elsewhere nothing is said twice.
    ...(metrics.length === 0 || entities.length < (raw.entities?.length ?? 0)
      ? {}
      : { columns: [...taken, ...metrics.map((metric) => metric.name)] }),
    hidden,
    sources: known.sources,
    features: known.features,
  };
  const inputChecks = readChecks(
    { ...scope, on: "input" },
    raw.input_checks ?? [],
    report.below(known.form.inputChecks),
  );
  const checks = readChecks({ ...scope, on: "output" }, raw.checks ?? [], report.below("checks"));
  return {
    name,
    sources,
    entities,
    keys,
    transform: checkTransform(name, raw, report),
    ...definedOnly({ timestamp, interval }),
    metrics,
    inputChecks,
    checks,
    lookups: lookupsOf([...inputChecks, ...checks], known),
    hidden,
    tag,
    tags: raw.tags ?? [],
    ...definedOnly({ description: raw.description, owner: raw.owner, threads: raw.threads }),
    place: report.place(),
  };
}

/** Sources that checks look into, each once. */
function lookupsOf(checks: readonly Check[], { sources }: Known): Source[] {
  const names = checks.flatMap((check) => check.kind === "referential" ? check.source ?? [] : []);
  return [...new Set(names)].flatMap((name) => sources.get(name) ?? []);
}

function checkSources(name: string, raw: RawFeature, known: Known, report: Reporter): Source[] {
  if (raw.source !== undefined && raw.sources !== undefined) {
    report.key(["source"], `Feature "${name}" has both "source" and "sources"`, "Keep one of them.");
  }
  if (raw.source === undefined && raw.sources === undefined) {
    report.key([], `Feature "${name}" has no source`, `Add "source", or "sources" for several.`);
  }
  const written: [string, (string | number)[]][] = raw.source !== undefined
    ? [[raw.source, ["source"]]]
    : (raw.sources ?? []).map((one, i) => [one, ["sources", i]]);
  return written.flatMap(([one, path]) => {
    if (!known.sources.has(one)) {
      report.at(
        path,
        `Feature "${name}" reads source "${one}", which is not defined`,
        suggestName(one, known.sources.keys()),
      );
    }
    return known.sources.get(one) ?? [];
  });
}

/** The rows of a feature's SQL can carry one column of a name: it must say whose version it tells of. */
function checkVersions(name: string, sources: readonly Source[], { form }: Known, report: Reporter): void {
  const columnsOf = ({ knownAt, rowId }: Source) => [knownAt, rowId].filter((column) => column !== undefined);
  for (const source of sources) {
    if (source.rowId === undefined) continue;
    for (const other of sources) {
      const shared = columnsOf(source).find((column) => columnsOf(other).includes(column));
      if (other === source || shared === undefined) continue;
      report.at(
        ["sources"],
        `Sources "${source.name}" and "${other.name}" of feature "${name}" both have "${shared}" as ` +
          `"${form.knownAt}" or "${form.rowId}"`,
        "Its SQL can carry one column of a name: let the column of one source be called otherwise.",
      );
      return;
    }
  }
}

function checkKeys(
  name: string,
  raw: RawFeature,
  known: Known,
  report: Reporter,
): { entities: Entity[]; keys: string[] } {
  if (raw.entities !== undefined && raw.keys !== undefined) {
    report.key(["keys"], `Feature "${name}" has both "entities" and "keys"`, "Keep one of them.");
  }
  if (raw.entities === undefined) {
    if (raw.keys === undefined) {
      report.key([], `Feature "${name}" has no keys`, `Add "entities", or "keys" with the names of columns.`);
    }
    return { entities: [], keys: raw.keys ?? [] };
  }
  const entities = raw.entities.flatMap((one, i) => {
    if (!known.entities.has(one)) {
      report.at(
        ["entities", i],
        `Feature "${name}" is about entity "${one}", which is not defined`,
        suggestName(one, known.entities.keys()),
      );
    }
    return known.entities.get(one) ?? [];
  });
  for (const [i, entity] of entities.entries()) {
    const other = entities.slice(0, i).find((before) =>
      before.keys.some((key) => entity.keys.includes(key)) &&
      JSON.stringify(before.fromColumns) !== JSON.stringify(entity.fromColumns)
    );
    if (other === undefined) continue;
    const message =
      `Entities "${other.name}" and "${entity.name}" of feature "${name}" make one key differently`;
    report.at(["entities"], message, "Give one of them another join key.");
  }
  return { entities, keys: [...new Set(entities.flatMap((entity) => entity.keys))] };
}

function checkTransform(name: string, raw: RawFeature, report: Reporter): Transform {
  const sql = raw.sql;
  if (sql !== undefined && raw.transform !== undefined) {
    report.key(["sql"], `Feature "${name}" has both "sql" and "transform"`, "Keep one of them.");
  }
  if (sql === undefined && raw.threads !== undefined) {
    report.key(
      ["threads"],
      `Feature "${name}" has "threads" without "sql"`,
      "Only a feature's own SQL takes threads.",
    );
  }
  if (sql !== undefined) return { kind: "sql", sql, place: report.below("sql").place("value") };
  // The function's identity is added by the loader, which knows the modules.
  if (raw.transform !== undefined) return { kind: "function", run: raw.transform, text: "" };
  if ((raw.sources?.length ?? 1) > 1) {
    report.key(
      ["sources"],
      `Feature "${name}" doesn't say how to join its ${raw.sources?.length} sources`,
      `Add "sql".`,
    );
  }
  return { kind: "source" };
}

function checkTimestamp(
  name: string,
  raw: RawFeature,
  keys: readonly string[],
  report: Reporter,
): Timestamp | undefined {
  if (raw.timestamp === undefined) return undefined;
  const isText = typeof raw.timestamp === "string";
  const { column, format } = typeof raw.timestamp === "string"
    ? { column: raw.timestamp, format: undefined }
    : raw.timestamp;
  if (keys.includes(column)) {
    report.at(
      isText ? ["timestamp"] : ["timestamp", "column"],
      `Column "${column}" is both key and timestamp of feature "${name}"`,
    );
  }
  if (format !== undefined && !TIME_FORMATS.some((known) => known === format)) {
    report.at(
      ["timestamp", "format"],
      `Timestamp format "${format}" of feature "${name}" is not known`,
      suggestName(format, TIME_FORMATS),
    );
  }
  return { column, ...definedOnly({ format }) };
}

function checkInterval(name: string, raw: RawFeature, report: Reporter): Duration | undefined {
  if (raw.metrics !== undefined) {
    if (raw.timestamp === undefined) {
      report.key(
        ["metrics"],
        `Feature "${name}" has metrics without a timestamp`,
        `Add "timestamp": the column of times.`,
      );
    }
    if (raw.interval === undefined) {
      report.key(
        ["metrics"],
        `Feature "${name}" has metrics without an interval`,
        `Add "interval", such as 1d.`,
      );
    }
  }
  if (raw.interval === undefined) return undefined;
  if (raw.metrics === undefined) {
    report.key(
      ["interval"],
      `Feature "${name}" has an interval without metrics`,
      `Add "metrics", or take "interval" away.`,
    );
  }
  const interval = parseDuration(raw.interval);
  if (interval === undefined) {
    report.at(
      ["interval"],
      `Interval "${raw.interval}" of feature "${name}" is no length of time`,
      "Write a whole number and m, h, d or w: 15m, 6h, 1d, 2w.",
    );
  }
  return interval;
}
