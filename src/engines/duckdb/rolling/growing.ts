/** An array that keeps its content when it grows. `array` changes its identity then: take it anew after `reserve`. */
export interface Growing<A extends Float64Array | Int32Array> {
  array: A;
  reserve(length: number): void;
}

export function growingNumbers(): Growing<Float64Array<ArrayBuffer>> {
  const own: Growing<Float64Array<ArrayBuffer>> = {
    array: new Float64Array(1024),
    reserve(length) {
      if (length <= own.array.length) return;
      const larger = new Float64Array(length * 2);
      larger.set(own.array);
      own.array = larger;
    },
  };
  return own;
}

export function growingIntegers(): Growing<Int32Array<ArrayBuffer>> {
  const own: Growing<Int32Array<ArrayBuffer>> = {
    array: new Int32Array(1024),
    reserve(length) {
      if (length <= own.array.length) return;
      const larger = new Int32Array(length * 2);
      larger.set(own.array);
      own.array = larger;
    },
  };
  return own;
}
