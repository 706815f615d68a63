/**
 * A tree over the rows of a key in the order in which they enter, whose nodes join what is below them: so that what a window holds
 * is joined anew where it changes, and nothing is ever subtracted. Leaf `i` is node `size + i`; the children of node n are 2n and
 * 2n + 1; node 1 is the root. A row that enters later stands further right, and all that is right of the rows that have entered is
 * empty: which of them are joined with which does not depend on it, so what comes later can't change a bit of a result.
 */
export class Tree {
  /** Leaves: a power of two. */
  size = 1;
  readonly #join: (node: number, left: number, right: number) => void;

  /** `join` makes a node of its two children. */
  constructor(join: (node: number, left: number, right: number) => void) {
    this.#join = join;
  }

  /** Starts a key of so many rows; gives the number of nodes, one more than there are as none is node 0. */
  begin(rows: number): number {
    this.size = rows <= 1 ? 1 : 2 ** (32 - Math.clz32(rows - 1));
    return 2 * this.size;
  }

  /** Joins anew what is above a leaf. */
  changed(leaf: number): void {
    for (let node = leaf >> 1; node > 0; node >>= 1) this.#join(node, 2 * node, 2 * node + 1);
  }
}
