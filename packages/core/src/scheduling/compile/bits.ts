// Sets of small integers, 32 to a word: which options are left, which candidates are out of the question.

export type Bits = Uint32Array;

export function wordsFor(count: number): number {
  return (count + 31) >>> 5;
}

export function bitsFor(count: number): Bits {
  return new Uint32Array(wordsFor(count));
}

/** All of the first `count`. */
export function allBits(count: number): Bits {
  const bits = bitsFor(count);
  bits.fill(0xffffffff);
  const rest = count & 31;
  if (rest !== 0) bits[bits.length - 1] = (1 << rest) - 1;
  return bits;
}

export function hasBit(bits: Bits, index: number): boolean {
  return (((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
}

export function setBit(bits: Bits, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31));
}

export function clearBit(bits: Bits, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) & ~(1 << (index & 31));
}

/** The same set with room for more; itself when there is enough. */
export function grown(bits: Bits, words: number): Bits {
  if (bits.length >= words) return bits;
  const larger = new Uint32Array(Math.max(words, bits.length * 2, 4));
  larger.set(bits);
  return larger;
}

export function isEmpty(bits: Bits): boolean {
  for (let word = 0; word < bits.length; word++) if (bits[word] !== 0) return false;
  return true;
}

/** The lowest member, or -1. */
export function firstBit(bits: Bits): number {
  for (let word = 0; word < bits.length; word++) {
    const value = bits[word] ?? 0;
    if (value !== 0) return (word << 5) + lowest(value);
  }
  return -1;
}

/** Position of the lowest bit of a word that is not 0. */
export function lowest(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Keeps in `target` what is in `other` too. */
export function intersectInto(target: Bits, other: Bits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) & (other[word] ?? 0);
}

export function uniteInto(target: Bits, other: Bits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) | (other[word] ?? 0);
}

/** Whether they have a member in common. */
export function overlap(a: Bits, b: Bits): boolean {
  for (let word = 0; word < a.length; word++) if (((a[word] ?? 0) & (b[word] ?? 0)) !== 0) return true;
  return false;
}

/** Takes out of `target` what is in `other`. */
export function removeFrom(target: Bits, other: Bits): void {
  for (let word = 0; word < target.length; word++) target[word] = (target[word] ?? 0) & ~(other[word] ?? 0);
}

/** Members in ascending order. */
export function* membersOf(bits: Bits): Generator<number> {
  for (let word = 0; word < bits.length; word++) {
    for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1) yield (word << 5) + lowest(rest);
  }
}

export function countBits(bits: Bits): number {
  let count = 0;
  for (let word = 0; word < bits.length; word++) {
    for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1) count++;
  }
  return count;
}
