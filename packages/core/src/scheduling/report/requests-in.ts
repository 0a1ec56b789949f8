// A pod's requests as people read them, from the numbers of the solve.

import type { Resources } from "../../units/index.ts";
import type { RequestVector } from "../compile/problem.ts";

export function requestsIn(resources: readonly string[], { amounts }: RequestVector): Resources {
  const requests: Record<string, number> = {};
  for (const [index, name] of resources.entries()) {
    const amount = amounts[index] ?? 0;
    if (amount !== 0) requests[name] = amount;
  }
  return requests;
}
