import type { ColumnStatistics, Meta } from "../publish/meta.ts";
import type { CliContext } from "./context.ts";
import { paint } from "./paint.ts";
import { formatCount } from "./quantities.ts";
import { table } from "./table.ts";

/** The statistics of a version, a line a column, each with a small histogram. */
export function statisticsText(
  meta: Meta,
  { colour, columns }: Pick<CliContext, "colour" | "columns">,
): string {
  const { bold } = paint(colour.stdout);
  const right = "right" as const;
  const rows = meta.columns.map(({ name }) => cells(name, meta.mlforge.statistics[name]));
  return table(
    [
      { title: "COLUMN" },
      { title: "NULLS", align: right },
      { title: "DISTINCT", align: right },
      { title: "MIN", align: right, flexible: true },
      { title: "MEDIAN", align: right },
      { title: "MAX", align: right, flexible: true },
      { title: "MEAN", align: right },
      { title: "STD", align: right },
      { title: "HISTOGRAM" },
    ],
    rows,
    { width: columns, title: bold },
  );
}

function cells(name: string, statistics: ColumnStatistics | undefined): string[] {
  if (statistics === undefined) return [name, "left out", "", "", "", "", "", "", ""];
  const { nulls, distinct, approximate_distinct, min, max, mean, std, quantiles, histogram } = statistics;
  return [
    name,
    formatCount(nulls),
    `${approximate_distinct ? "~" : ""}${formatCount(distinct)}`,
    shownStatistic(min),
    shownStatistic(quantiles?.["0.5"]),
    shownStatistic(max),
    shownStatistic(mean),
    shownStatistic(std),
    histogram === undefined ? "" : bars(histogram.counts),
  ];
}

/** Numbers to four digits; times to the second. */
export function shownStatistic(value: number | string | boolean | null | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "number") return String(value).replace(/\.\d{6}Z$/, "Z");
  return Number.isSafeInteger(value) ? formatCount(value) : String(Number(value.toPrecision(4)));
}

const HEIGHTS = "▁▂▃▄▅▆▇█";

/** Counts as bars; a bin that holds anything is seen, an empty one is a blank. */
function bars(counts: readonly number[]): string {
  const most = Math.max(...counts);
  return counts.map((count) =>
    count === 0 ? " " : HEIGHTS[Math.max(0, Math.ceil(count / most * HEIGHTS.length) - 1)]
  ).join("");
}
