// Until when a node that is being emptied may take its time (D-163, D-181).

import { Annotation, fromRfc3339, type NodeClaim } from "../../api/index.ts";

/** Epoch ms, +∞ for none. @throws Error for an annotation that is no time */
export function deadlineOf(claim: NodeClaim | undefined): number {
  const text = claim?.metadata.annotations?.[Annotation.TerminationTimestamp];
  if (text === undefined) return Infinity;
  try {
    // Strictly: what a lenient reader takes for a day long ago ("1") would force every pod out at once.
    return fromRfc3339(text);
  } catch (cause) {
    const name = claim?.metadata.name;
    const message = `nodeclaim ${name}: annotation ${Annotation.TerminationTimestamp} "${text}" is no RFC 3339 time`;
    throw new Error(message, { cause });
  }
}

/** E-15: what is told of it, on the claim and on its Node. */
export function deadlineNote(deadline: string) {
  return {
    type: "Warning",
    reason: "TerminationGracePeriodExpiring",
    message: `all pods will be deleted by ${deadline}`,
  } as const;
}
