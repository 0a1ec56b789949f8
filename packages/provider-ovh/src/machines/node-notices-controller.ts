// ovh.nodenotices: tells what a person has to mend on a node, once it has lasted: no provider id (O-29c), GPUs that nothing announces (O-19).

import { isConditionTrue, Label, Nodes } from "@karpenter-multicloud/core/api";
import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import type { KubeCache } from "@karpenter-multicloud/core/kube";
import { singletonController } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { flavorFacts } from "../catalog/flavor-table.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import { offeringOf } from "./class-view.ts";
import type { PoolEvents } from "../pools/pool-events.ts";

const EVERY = minutes(1);
const NO_ID_FOR_MS = minutes(2);
const NO_GPU_FOR_MS = minutes(15);
const GPU = "nvidia.com/gpu";

export interface NodeNoticesParts {
  readonly cache: KubeCache;
  readonly clock: Clock;
  readonly claims: ClaimStore;
  readonly events: PoolEvents;
  readonly nodeClass: (name: string) => OVHNodeClass | undefined;
}

export function nodeNoticesController(parts: NodeNoticesParts): Controller {
  const nodes = parts.cache.informer(Nodes);
  return singletonController({
    name: "ovh.nodenotices",
    async run() {
      for (const claim of parts.claims.all()) {
        if (claim.metadata.deletionTimestamp !== undefined) continue;
        const name = claim.metadata.annotations?.[OvhAnnotation.NodeName] ?? "";
        const node = name === "" ? undefined : nodes.get({ name });
        if (node === undefined) continue;
        tellMissingId(parts, node, claim);
        tellMissingPlugin(parts, node, claim);
      }
      return { requeueAfter: EVERY };
    },
  });
}

/** Never written by us: the OpenStack cloud controller manager owns it. */
function tellMissingId({ clock, events }: NodeNoticesParts, { metadata, spec }: Node, claim: NodeClaim): void {
  const age = clock.now() - Date.parse(metadata.creationTimestamp ?? "");
  if (spec?.providerID || !(age > NO_ID_FOR_MS)) return;
  const message = `node ${metadata.name} has no provider id for more than 2 minutes, so it cannot register: see whether the OpenStack cloud controller manager of the cluster works`;
  events.warnClaim(claim, "ProviderIDMissing", message);
}

function tellMissingPlugin(parts: NodeNoticesParts, { metadata, status }: Node, claim: NodeClaim): void {
  const flavor = claim.metadata.labels?.[Label.InstanceType] ?? offeringOf(claim)?.flavor ?? "";
  if ((flavorFacts(flavor)?.gpus ?? 0) === 0) return;
  const ready = status?.conditions?.find((each) => each.type === "Ready" && each.status === "True");
  if (ready === undefined || !isConditionTrue(claim, "Registered") || Number(status?.allocatable?.[GPU] ?? 0) > 0)
    return;
  if (!(parts.clock.now() - Date.parse(ready.lastTransitionTime ?? "") >= NO_GPU_FOR_MS)) return;
  const message = `node ${metadata.name} of ${flavor} has been Ready for more than 15 minutes without ${GPU}: install the NVIDIA GPU operator or device plugin in this cluster`;
  parts.events.warn(parts.nodeClass(claim.spec.nodeClassRef.name), "GpuPluginMissing", message);
}
