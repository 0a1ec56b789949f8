// An order that no NodeClaim stands for: the machine it makes is one that garbage collection must find.

import { Label } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { requirementsOfClaim } from "@karpenter-multicloud/core/provider";
import { milliseconds } from "@karpenter-multicloud/core/units";
import { SIMULATED_CATALOG } from "./catalog.ts";
import { choicesFor } from "./choose-offering.ts";
import { nodeOf } from "./machine-objects.ts";
import { KWOK_NODE_CLASS } from "./node-class.ts";
import type { MachineOrder } from "./simulated-cloud.ts";

/** The cheapest machine, tagged with this cluster and a claim that does not exist; for SimulatedCloud.order(). */
export function orphanOrder(cluster: string, claimName = "orphan"): MachineOrder {
  const nodeClass = "default";
  const claim: NodeClaim = {
    metadata: { name: claimName, uid: `uid-of-${claimName}` },
    spec: {
      nodeClassRef: { ...KWOK_NODE_CLASS, name: nodeClass },
      requirements: [{ key: Label.Os, operator: "In", values: ["linux"] }],
    },
  };
  const wanted = requirementsOfClaim(claim, {});
  const [choice] = choicesFor(claim, wanted, SIMULATED_CATALOG);
  if (choice === undefined) throw new Error("the simulated catalogue is empty");
  return {
    cluster,
    nodeClass,
    claimName,
    claimUid: claim.metadata.uid ?? "",
    instanceType: choice.type.name,
    zone: choice.zone,
    capacityType: choice.capacityType,
    price: choice.offering.price,
    registrationDelay: milliseconds(0),
    node: (identity) => nodeOf(claim, wanted, choice, identity),
  };
}
