/*
 * A Fenwick tree counts items by rank ("A New Data Structure for Cumulative Frequency Tables", 1994): to add one, to take
 * one away and to find the n-th takes as many steps as the number of ranks has bits. It has a place more than ranks.
 */

/** The greatest power of two that is at most the tree's size: what `find` starts from. */
export function stepOf(size: number): number {
  return size === 0 ? 0 : 2 ** (31 - Math.clz32(size));
}

export function add(tree: Int32Array, size: number, rank: number, change: number): void {
  for (let node = rank + 1; node <= size; node += node & -node) tree[node]! += change;
}

/** The rank of the value that has `before` values before it. */
export function find(tree: Int32Array, size: number, step: number, before: number): number {
  let node = 0;
  for (; step > 0; step >>= 1) {
    const next = node + step;
    if (next <= size && tree[next]! <= before) {
      node = next;
      before -= tree[next]!;
    }
  }
  return node;
}
