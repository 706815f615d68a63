import type { Reader } from "./fields.ts";
import type { ColumnStatistics } from "./meta.ts";

/** Statistics by column; none where metadata has none. */
export function readStatistics(read: Reader | undefined): Record<string, ColumnStatistics> {
  const columns = Object.keys(read?.fields ?? {}).map((name) => [name, read?.object(name)] as const);
  return Object.fromEntries(
    columns.flatMap(([name, column]) => column === undefined ? [] : [[name, ofColumn(column)]]),
  );
}

function ofColumn(read: Reader): ColumnStatistics {
  const end = (field: "min" | "max") =>
    !read.has(field)
      ? {}
      : { [field]: typeof read.fields[field] === "boolean" ? read.fields[field] : read.numberOrText(field) };
  const number = (field: "mean" | "std" | "not_finite") =>
    read.has(field) ? { [field]: read.number(field) } : {};
  const quantiles = read.object("quantiles");
  const histogram = read.object("histogram");
  return {
    nulls: read.count("nulls"),
    distinct: read.count("distinct"),
    approximate_distinct: read.fields["approximate_distinct"] === true,
    ...number("not_finite"),
    ...end("min"),
    ...end("max"),
    ...number("mean"),
    ...number("std"),
    ...(quantiles === undefined ? {} : {
      quantiles: Object.fromEntries(
        Object.keys(quantiles.fields).map((share) => [share, quantiles.numberOrText(share)]),
      ),
    }),
    ...(histogram === undefined ? {} : {
      histogram: {
        from: histogram.numberOrText("from"),
        to: histogram.numberOrText("to"),
        counts: histogram.counts("counts"),
      },
    }),
  };
}
