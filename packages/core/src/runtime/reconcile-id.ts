// A name for every run of a reconcile, in the shape of a UUID, so that its log lines can be found.

/** Random per process, counting per run: unique without asking the machine for randomness. */
export function reconcileIds(random: () => number): () => string {
  const process = [hex(random, 8), hex(random, 4), `4${hex(random, 3)}`, `8${hex(random, 3)}`].join("-");
  let runs = 0;
  return () => `${process}-${(++runs).toString(16).padStart(12, "0")}`;
}

function hex(random: () => number, digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
}
