import { parseDuration } from "./duration.ts";
import type { Aggregation, Duration, Metric } from "./model.ts";
import type { Reporter } from "./reporter.ts";
import type { RawFeature } from "./schema.ts";

export interface MetricsOf {
  /** The feature. */
  name: string;
  tag: string;
  /** Undefined where it is missing or wrong, which has been reported. */
  interval: Duration | undefined;
  /** Columns that stand beside the metrics: keys and the time. */
  taken: readonly string[];
}

/** `{tag}__{column}__{aggregation}__{interval}__{window}`, with `rows` for `*`: the Python mlforge's names. */
export function metricName(
  tag: string,
  input: string,
  aggregation: Aggregation,
  interval: Duration,
  window: Duration,
): string {
  return [tag, input === "*" ? "rows" : input, aggregation, interval.text, window.text].join("__");
}

/** All columns of metrics, in the order of writing: by block, column, aggregation, window. */
export function checkMetrics(
  of: MetricsOf,
  blocks: NonNullable<RawFeature["metrics"]>,
  report: Reporter,
): Metric[] {
  const metrics: Metric[] = [];
  // DuckDB's columns differ by more than case.
  const names = new Map(of.taken.map((column) => [column.toLowerCase(), `column "${column}"`]));
  blocks.forEach(({ windows, aggregations }, block) => {
    const lengths = windows.flatMap((window, i) =>
      checkWindow(of, window, report.below(block, "windows", i)) ?? []
    );
    for (const [input, all] of Object.entries(aggregations)) {
      all.forEach((aggregation, i) => {
        const path = [block, "aggregations", input, i];
        if (input === "*" && aggregation !== "count") {
          report.at(
            path,
            `Feature "${of.name}" asks for ${aggregation} of "*"`,
            `Rows can only be counted: name a column for ${aggregation}.`,
          );
          return;
        }
        const { interval } = of;
        if (interval === undefined) return;
        for (const window of lengths) {
          const name = metricName(of.tag, input, aggregation, interval, window);
          const other = names.get(name.toLowerCase());
          if (other !== undefined) {
            report.at(
              path,
              `Feature "${of.name}" has two columns named "${name}"`,
              `The other one is ${other}. Take one away, or give a tag.`,
            );
          }
          names.set(name.toLowerCase(), `${aggregation} of "${input}" over ${window.text}`);
          metrics.push({ name, input, aggregation, window });
        }
      });
    }
  });
  return metrics;
}

function checkWindow(of: MetricsOf, text: string, report: Reporter): Duration | undefined {
  const window = parseDuration(text);
  if (window === undefined) {
    report.at(
      [],
      `Window "${text}" of feature "${of.name}" is no length of time`,
      "Write a whole number and m, h, d or w: 15m, 6h, 1d, 2w.",
    );
    return undefined;
  }
  const { interval } = of;
  if (interval !== undefined && window.seconds % interval.seconds !== 0) {
    report.at(
      [],
      `Window ${text} of feature "${of.name}" is no whole multiple of its interval ${interval.text}`,
      nextWindow(window, interval),
    );
    return undefined;
  }
  return window;
}

function nextWindow(window: Duration, interval: Duration): string {
  const times = Math.max(1, Math.ceil(window.seconds / interval.seconds));
  const number = Number.parseInt(interval.text);
  return `The next one is ${times * number}${interval.text.at(-1)}.`;
}
