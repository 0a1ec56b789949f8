// The two calls with which core changes a cloud. Observe mode and a lost lease end them before the provider is asked.

import type { NodeClaim } from "../api/index.ts";
import type { ControllerDeps } from "./deps.ts";

type Deps = Pick<ControllerDeps, "gate" | "provider">;

/** What the provider sends to its cloud passes the gate once more, request by request. */
export function createMachine(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
  const action = { target: "cloud", verb: "create", subject: `machine of NodeClaim ${claim.metadata.name}` } as const;
  return deps.gate.run(action, () => deps.provider.create(claim, { signal }));
}

export function deleteMachine(deps: Deps, claim: NodeClaim, signal: AbortSignal): Promise<void> {
  const action = { target: "cloud", verb: "delete", subject: `machine ${claim.status?.providerID}` } as const;
  return deps.gate.run(action, () => deps.provider.delete(claim, { signal }));
}

/** The provider's own collection, when it has one. */
export async function collectGarbage(deps: Deps, claims: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
  const { provider } = deps;
  if (!provider.collectGarbage) return;
  const action = { target: "cloud", verb: "collectGarbage", subject: `machines of ${provider.name}` } as const;
  await deps.gate.run(action, async () => provider.collectGarbage?.(claims, { signal }));
}
