import { MlforgeError, throwAll } from "../error.ts";
import { suggestName } from "../nearest.ts";
import type { Chosen } from "./choose.ts";
import type { Fill } from "./fill.ts";
import type { RetrieveRequest } from "./retrieve.ts";

/** What becomes of labels whose time lies beyond a feature's data: `use` takes the last row, however old. */
export const AFTER_WATERMARK = ["null", "error", "use"] as const;
export type AfterWatermark = typeof AFTER_WATERMARK[number];

/** How rows are found, with all that was left open decided. */
export interface Rules {
  /** The label column that holds the time; undefined where no feature has time and none is given. */
  time: string | undefined;
  /** Feature key -> label column, where the names differ. */
  keys: Readonly<Record<string, string>>;
  afterWatermark: AfterWatermark;
  /** In seconds, by feature: a row whose stamp lies longer before the label counts as none. */
  maxAge: Readonly<Record<string, number>>;
  fill: Fill;
}

/** The request's rules, where each names what is there; else an error (code `usage`). */
export function rulesOf(request: RetrieveRequest, chosen: readonly Chosen[]): Rules {
  const { keys = {}, maxAge = {}, afterWatermark = "null", fill = { columns: {} } } = request;
  const known = new Set(chosen.flatMap(({ meta }) => meta.keys));
  const names = chosen.map(({ feature }) => feature);
  throwAll([
    ...Object.keys(keys).filter((key) => !known.has(key)).map((key) =>
      new MlforgeError("usage", `No feature here has the key "${key}"`, { hint: suggestName(key, known) })
    ),
    ...Object.keys(maxAge).filter((feature) => !names.includes(feature)).map((feature) =>
      new MlforgeError("usage", `Feature "${feature}" has an age and is not asked for`, {
        hint: suggestName(feature, names),
      })
    ),
    ...chosen.filter(({ feature, meta }) => maxAge[feature] !== undefined && meta.mlforge.stamp === "none")
      .map((
        { feature },
      ) => new MlforgeError("usage", `Feature "${feature}" is declared without time: its rows have no age`)),
  ]);
  return { time: timeOf(request.time, chosen), keys, afterWatermark, maxAge, fill };
}

function timeOf(asked: string | undefined, chosen: readonly Chosen[]): string | undefined {
  const own = new Set(
    chosen.flatMap(({ meta }) => (meta.mlforge.stamp === "none" ? [] : [meta.timestamp ?? ""])),
  );
  if (asked !== undefined || own.size === 0) return asked;
  const [only] = own;
  if (own.size === 1) return only;
  throw new MlforgeError("usage", `The features call their times differently: ${[...own].join(", ")}`, {
    hint: "Name the label column that holds the labels' time: --time COLUMN.",
  });
}
