import { suggestName } from "../nearest.ts";
import type { Source } from "./model.ts";
import { formatOf, whyNotPath } from "./path.ts";
import type { RawSource } from "./schema.ts";
import type { Reporter } from "./reporter.ts";

/** Makes a source of what has the right shape; what is wrong with it goes to `report`. */
export function checkSource(
  name: string,
  raw: RawSource,
  form: { knownAt: string; rowId: string },
  report: Reporter,
): Source {
  const { watermark, format: given, known_at: knownAt, row_id: rowId, ...rest } = raw;
  const whyNot = whyNotPath(raw.path);
  if (whyNot !== undefined) report.at(["path"], `Path "${raw.path}" of source "${name}" ${whyNot}`);
  const format = given ?? formatOf(raw.path);
  // A path that is wrong needs no second complaint.
  if (format === undefined && whyNot === undefined) {
    report.at(
      ["path"],
      `Can't tell the format of source "${name}" from its path "${raw.path}"`,
      "Give format: parquet, csv or json.",
    );
  }
  const only = (option: "delimiter" | "header" | "types", formats: readonly string[]) => {
    if (raw[option] === undefined || format === undefined || formats.includes(format)) return;
    report.key(
      [option],
      `Source "${name}" is ${format}, where "${option}" means nothing`,
      `Only ${formats.join(" and ")} sources have it.`,
    );
  };
  only("delimiter", ["csv"]);
  only("header", ["csv"]);
  only("types", ["csv", "json"]);
  if (raw.timezone !== undefined && !isTimezone(raw.timezone)) {
    report.at(
      ["timezone"],
      `Timezone "${raw.timezone}" of source "${name}" is no IANA name`,
      suggestTimezone(raw.timezone),
    );
  }
  if (raw.fold !== undefined && raw.timezone === undefined) {
    report.key(
      ["fold"],
      `Source "${name}" has "fold" without "timezone"`,
      "UTC has no folds: say which zone has.",
    );
  }
  if (rowId !== undefined && (knownAt === undefined || knownAt === rowId)) {
    report.at(
      [form.rowId],
      knownAt === undefined
        ? `Source "${name}" has "${form.rowId}" without "${form.knownAt}"`
        : `Column "${rowId}" is both "${form.rowId}" and "${form.knownAt}" of source "${name}"`,
      `"${form.knownAt}" is when a version of a row was loaded: which one is the newest, only that can say.`,
    );
  }
  const until = watermark === undefined ? undefined : readWatermark(watermark, name, raw.timezone, report);
  return {
    name,
    ...definedOnly({ ...rest, knownAt, rowId }),
    format: format ?? "parquet",
    ...(until === undefined ? {} : { watermark: until }),
    place: report.place(),
  };
}

function readWatermark(
  text: string,
  name: string,
  timezone: string | undefined,
  report: Reporter,
): string | undefined {
  const match = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text);
  const zoned = match?.[1] !== undefined;
  const date = new Date(zoned || text.length === 10 ? text : `${text}Z`);
  // A day that the month does not have would roll over into the next one.
  const real = match !== null && new Date(`${text.slice(0, 10)}Z`).getUTCDate() === Number(text.slice(8, 10));
  if (!real || Number.isNaN(date.getTime())) {
    report.at(
      ["watermark"],
      `Watermark "${text}" of source "${name}" is no ISO 8601 time`,
      "Write 2001-06-30T00:00:00Z.",
    );
    return undefined;
  }
  if (!zoned && timezone !== undefined) {
    report.at(
      ["watermark"],
      `Watermark "${text}" of source "${name}" doesn't say its offset`,
      "End it with Z, or with an offset such as +02:00.",
    );
    return undefined;
  }
  return date.toISOString();
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Offsets are taken too, but they are no zones with rules.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

function suggestTimezone(name: string): string {
  const zones = Intl.supportedValuesOf("timeZone");
  const hint = suggestName(name, zones);
  return hint.startsWith("There are") ? "Write a name such as Europe/Berlin or America/New_York." : hint;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without keys whose value is undefined, as the model has none. */
export function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}
