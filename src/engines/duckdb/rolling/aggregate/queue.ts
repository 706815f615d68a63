/** Where the two stacks of each window's queue meet (`middle`) and end (`top`): indexes of items. */
export class Queues {
  readonly middle: Int32Array;
  readonly top: Int32Array;

  constructor(windows: number) {
    this.middle = new Int32Array(windows);
    this.top = new Int32Array(windows);
  }

  begin(from: number): void {
    this.middle.fill(from);
    this.top.fill(from);
  }
}
