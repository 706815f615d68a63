import type { Lock } from "../retrieve/lock.ts";
import type { Theories } from "./compare.ts";
import type { Leak } from "./leaks.ts";
import { keyColumns, type Raw } from "./raw.ts";
import { slips, type Theory } from "./theory.ts";

/**
 * Which row each label of `asked` gets, by the rules of docs/training-data.md: with metrics the newest one stamped at or
 * before its time, with event times strictly before it. And the rows that leaky joins would take.
 */
export function theoriesOfLabels(
  { task, events, stamps, last }: Raw,
  asked: string,
  { max_age, after_watermark }: Pick<Lock, "after_watermark"> & Pick<Lock["features"][number], "max_age">,
): Theories {
  if (task.timestamp === undefined) return { right: { found: undefined }, wrong: [] };
  const width = events?.interval ?? 0;
  const same = keyColumns(task.keys).map((key) => `x.${key} = a.${key}`);
  const usual = {
    beyond: last === undefined || after_watermark === "use" ? undefined : last + BigInt(width) * 1_000_000n,
    age: max_age ?? undefined,
  };
  const found = (pick: string, condition: string, { beyond, age } = usual): string => {
    const none = [
      ...(beyond === undefined ? [] : [`moment >= make_timestamp(${beyond})`]),
      ...(age === undefined ? [] : [`stamp < moment - to_seconds(${age})`]),
    ];
    return `SELECT n, ${
      none.length === 0 ? "stamp" : `CASE WHEN NOT (${none.join(" OR ")}) THEN stamp END AS stamp`
    }
      FROM (SELECT a.n, a.moment, ${pick} AS stamp FROM ${asked} a JOIN ${stamps} x
        ON ${[...same, condition].join(" AND ")} GROUP BY a.n, a.moment)`;
  };
  const newest = "max(x.stamp)";
  const early = events === undefined ? "x.stamp < a.moment" : "x.stamp <= a.moment";
  const right = found(newest, early);
  const distance = "abs(epoch_us(x.stamp) - epoch_us(a.moment))";
  const wrong: [Leak, Theory][] = [
    ...(events === undefined
      ? [["same_time", { found: found(newest, "x.stamp <= a.moment") }] satisfies [Leak, Theory]]
      : [
        ["bucket_start", { found: found(newest, `x.stamp <= a.moment + to_seconds(${width})`) }] satisfies [
          Leak,
          Theory,
        ],
        ...slips(right, events).filter(([leak]) => leak !== "bucket_start"),
      ]),
    ["nearest", { found: found(`arg_min(x.stamp, ${distance})`, "a.moment IS NOT NULL") }],
    ["later", { found: found("min(x.stamp)", "x.stamp > a.moment") }],
  ];
  const { beyond, age } = usual;
  if (beyond !== undefined) {
    wrong.push(["beyond_data", { found: found(newest, early, { beyond: undefined, age }) }]);
  }
  if (age !== undefined) wrong.push(["too_old", { found: found(newest, early, { beyond, age: undefined }) }]);
  return { right: { found: right }, wrong };
}
