// ovh.launchwatch: machines of launched claims whose nodes have not joined yet. One that failed is given up at once, not at the registration timeout (O-27a).

import { isConditionTrue, Label, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isConflict, isNotFound } from "@karpenter-multicloud/core/kube";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { singletonController } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import type { Flavor } from "../catalog/flavor.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import { offeringOf } from "./class-view.ts";
import type { FailureBook } from "../pools/failure-book.ts";
import type { Inventories } from "./inventories.ts";
import { nodeIdOf } from "../pools/pool-balance.ts";
import type { PoolEvents } from "../pools/pool-events.ts";

const EVERY = seconds(30);

export interface LaunchWatchParts {
  readonly kube: KubeClient;
  readonly logger: Logger;
  readonly claims: ClaimStore;
  readonly inventories: Inventories;
  readonly failures: FailureBook;
  readonly events: PoolEvents;
  /** Flavors as last listed. */
  readonly flavors: (kubeId: string) => readonly Flavor[];
}

export function launchWatchController(parts: LaunchWatchParts): Controller {
  return singletonController({
    name: "ovh.launchwatch",
    async run({ signal }) {
      const joining = parts.claims.all().filter(isJoining);
      if (joining.length > 0) await look(parts, joining, signal);
      return { requeueAfter: EVERY };
    },
  });
}

/** Of ours: claims taken over from another product joined long ago. */
function isJoining(claim: NodeClaim): boolean {
  return (
    claim.metadata.deletionTimestamp === undefined &&
    claim.metadata.annotations?.[OvhAnnotation.LaunchAttempt] !== undefined &&
    Boolean(claim.status?.providerID) &&
    nodeIdOf(claim) !== undefined &&
    !isConditionTrue(claim, "Registered")
  );
}

async function look(parts: LaunchWatchParts, joining: readonly NodeClaim[], signal: AbortSignal): Promise<void> {
  const inventory = await parts.inventories.read(signal);
  if (inventory === undefined) return;
  const machines = new Map(
    inventory.owned.flatMap(({ pool, machines: all }) =>
      all.map((machine) => [machine.id, { machine, pool }] as const),
    ),
  );
  for (const claim of joining) {
    const found = machines.get(nodeIdOf(claim) ?? "");
    if (found === undefined || !parts.failures.hasFailed(found.machine)) continue;
    const { zone = "" } = offeringOf(claim) ?? {};
    const place = { flavor: found.pool.flavor, zone, region: claim.metadata.labels?.[Label.Region] ?? "" };
    const error = parts.failures.afterLaunch(found.machine, place, parts.flavors(inventory.access.kubeId));
    parts.events.warnClaim(claim, error.conditionReason ?? "MachineFailed", error.message);
    parts.logger.warn("giving up nodeclaim", { NodeClaim: claim.metadata.name, reason: error.message });
    await giveUp(parts.kube, claim, signal);
  }
}

/** Core removes the machine, by name, and plans the pods anew. */
async function giveUp(kube: KubeClient, { metadata }: NodeClaim, signal: AbortSignal): Promise<void> {
  const { name = "", uid } = metadata;
  try {
    await kube.delete(NodeClaims, { name }, { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
