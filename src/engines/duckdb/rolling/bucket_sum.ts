const partials = new Float64Array(64);

/**
 * The sum of `values[from..to]`, rounded once: independent of their order. Shewchuk's algorithm ("Adaptive Precision
 * Floating-Point Arithmetic", 1997) as in Python's math.fsum. NaN and infinities give what adding them up gives.
 */
export function bucketSum(values: Float64Array, from: number, to: number): number {
  const sum = to - from === 2 ? values[from]! + values[from + 1]! : exactSum(values, from, to, 1);
  if (Number.isFinite(sum)) return sum;
  let special = 0;
  let any = false;
  for (let i = from; i < to; i++) {
    if (Number.isFinite(values[i])) continue;
    special += values[i]!;
    any = true;
  }
  if (any) return special;
  // It overflows, or only did so on the way: in smaller numbers it can't.
  return exactSum(values, from, to, 2 ** -64) * 2 ** 64;
}

function exactSum(values: Float64Array, from: number, to: number, scale: number): number {
  let count = 0;
  for (let i = from; i < to; i++) {
    let x = values[i]! * scale;
    let kept = 0;
    for (let j = 0; j < count; j++) {
      const y = partials[j]!;
      const sum = x + y;
      // Of the larger and the smaller one: what rounding lost.
      const lost = Math.abs(x) < Math.abs(y) ? x - (sum - y) : y - (sum - x);
      if (lost !== 0) partials[kept++] = lost;
      x = sum;
    }
    partials[kept++] = x;
    count = kept;
  }
  return rounded(count);
}

/** The partials, ascending and without overlap, as one double: nearest, ties to even. */
function rounded(count: number): number {
  if (count === 0) return 0;
  let sum = partials[--count]!;
  let lost = 0;
  while (count > 0) {
    const x = sum;
    const y = partials[--count]!;
    sum = x + y;
    lost = y - (sum - x);
    if (lost !== 0) break;
  }
  // Exactly half a step was lost, and what lies below it has the same sign: then it was more than half.
  if (count > 0 && ((lost < 0 && partials[count - 1]! < 0) || (lost > 0 && partials[count - 1]! > 0))) {
    const y = lost * 2;
    const x = sum + y;
    if (y === x - sum) sum = x;
  }
  return sum;
}
