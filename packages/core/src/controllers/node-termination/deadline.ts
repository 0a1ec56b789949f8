// Until when a node that is being emptied may take its time (D-163, D-181).

import { Annotation, type NodeClaim } from "../../api/index.ts";

/** Epoch ms, +∞ for none. @throws Error for an annotation that is no time */
export function deadlineOf(claim: NodeClaim | undefined): number {
  const text = claim?.metadata.annotations?.[Annotation.TerminationTimestamp];
  if (text === undefined) return Infinity;
  const deadline = Date.parse(text);
  if (Number.isNaN(deadline)) {
    const name = claim?.metadata.name;
    throw new Error(`nodeclaim ${name}: annotation ${Annotation.TerminationTimestamp} "${text}" is no RFC 3339 time`);
  }
  return deadline;
}

/** E-15: what is told of it, on the claim and on its Node. */
export function deadlineNote(deadline: string) {
  return {
    type: "Warning",
    reason: "TerminationGracePeriodExpiring",
    message: `all pods will be deleted by ${deadline}`,
  } as const;
}
