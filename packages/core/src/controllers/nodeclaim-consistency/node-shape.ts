// Whether a node is as large as the machine that was bought (LC-45, D-144).

import type { Node, NodeClaim } from "../../api/index.ts";
import { allocatableFrom, formatAmount, requestsFrom, sortedKeys } from "../../units/index.ts";

/** An estimate may be a little too high; more than a tenth is another machine than the one that was planned with. */
const LEAST_SHARE = 0.9;

/** One sentence per requested resource of which the node has too little. */
export function shapeIssues(node: Node, claim: NodeClaim): readonly string[] {
  const requests = requestsFrom(claim.spec.resources?.requests);
  const expected = allocatableFrom(claim.status?.capacity);
  const found = allocatableFrom(node.status?.capacity);
  return sortedKeys(requests).flatMap((resource) => {
    const want = expected[resource] ?? 0;
    const have = found[resource] ?? 0;
    if (!requests[resource] || want === 0 || have / want >= LEAST_SHARE) return [];
    const percent = ((have / want) * 100).toFixed(1);
    const amounts = `expected ${formatAmount(resource, want)} of resource ${resource}, but found ${formatAmount(resource, have)}`;
    return [`${amounts} (${percent}% of expected)`];
  });
}
