/** Bytes of a file: [first, one past the last). */
export type Range = readonly [from: number, to: number];

/** Sorted, without empty ones, and with those that touch or lie less than `gap` bytes apart made into one. */
export function merge(ranges: readonly Range[], gap = 0): Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (to <= from) continue;
    if (last !== undefined && from <= last[1] + gap) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** What of `wanted` is not in `there`. Both may be in any order. */
export function missing(wanted: readonly Range[], there: readonly Range[]): Range[] {
  const known = merge(there);
  return merge(wanted).flatMap(([from, to]) => {
    const left: Range[] = [];
    let at = from;
    for (const [begin, end] of known) {
      if (end <= at || begin >= to) continue;
      if (begin > at) left.push([at, begin]);
      at = end;
    }
    if (at < to) left.push([at, to]);
    return left;
  });
}

/** Into pieces of at most `size` bytes. */
export function pieces(ranges: readonly Range[], size: number): Range[] {
  return ranges.flatMap(([from, to]) =>
    Array.from(
      { length: Math.ceil((to - from) / size) },
      (_, i): Range => [from + i * size, Math.min(to, from + (i + 1) * size)],
    )
  );
}

export function length(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from, 0);
}
