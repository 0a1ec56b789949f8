// Arrays of numbers that grow with the plan.

/** The same numbers with room for `length`; itself when there is enough. */
export function grownInts(array: Int32Array, length: number): Int32Array {
  if (array.length >= length) return array;
  const larger = new Int32Array(Math.max(length, array.length * 2, 64));
  larger.set(array);
  return larger;
}

export function grownFloats(array: Float64Array, length: number): Float64Array {
  if (array.length >= length) return array;
  const larger = new Float64Array(Math.max(length, array.length * 2, 64));
  larger.set(array);
  return larger;
}
