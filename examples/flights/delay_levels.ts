import type { TransformFunction } from "mlforge";

/** Minutes at which a level ends; the last level is open. */
const LIMITS = [15n, 60n];

/** Per airport: how many flights were on time, late and very late. */
export const delayLevels: TransformFunction = ({ flights }, { arrow }) => {
  const origins = flights!.getChild("origin");
  const delays = flights!.getChild("delay");
  const counts = new Map<string, number[]>();
  for (let row = 0; row < flights!.numRows; row++) {
    const origin = origins?.get(row);
    const delay = delays?.get(row);
    let levels = counts.get(origin);
    if (levels === undefined) counts.set(origin, levels = [0, 0, 0]);
    const level = LIMITS.filter((limit) => delay > limit).length;
    levels[level] = (levels[level] ?? 0) + 1;
  }
  const level = (i: number) => Int32Array.from([...counts.values()], (levels) => levels[i] ?? 0);
  return new arrow.Table({
    origin: arrow.vectorFromArray([...counts.keys()], new arrow.Utf8()),
    on_time: arrow.makeVector(level(0)),
    late: arrow.makeVector(level(1)),
    very_late: arrow.makeVector(level(2)),
  });
};
