// The NodeClaim object that asks for a planned machine (S-519…S-523, LC-8…LC-10).

import { Annotation, formatLaunchHint, Label } from "../api/index.ts";
import type { NodeClaim, NodePool, RequirementSpec } from "../api/index.ts";
import { compareText, toResourceList } from "../units/index.ts";
import type { PlannedClaim } from "./solution.ts";

export interface NodeClaimStamp {
  /** As seen at the start of the solve, even if the pool changed meanwhile (S-520). */
  readonly nodePoolHash: string;
  readonly hashVersion: string;
}

export function nodeClaimFromPlan(planned: PlannedClaim, nodePool: NodePool, stamp: NodeClaimStamp): NodeClaim {
  const { metadata, spec } = nodePool.spec.template;
  const { taints, startupTaints, expireAfter, terminationGracePeriod, nodeClassRef } = spec;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      generateName: `${planned.nodePool}-`,
      labels: { ...planned.labels },
      annotations: {
        ...metadata?.annotations,
        [Annotation.NodePoolHash]: stamp.nodePoolHash,
        [Annotation.NodePoolHashVersion]: stamp.hashVersion,
        [Annotation.MinValuesRelaxed]: String(planned.minValuesRelaxed),
        ...overlayMarks(planned),
        [Annotation.LaunchHint]: launchHint(planned),
      },
      ownerReferences: [
        {
          apiVersion: "karpenter.sh/v1",
          kind: "NodePool",
          name: planned.nodePool,
          uid: nodePool.metadata.uid ?? "",
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      requirements: requirementSpecs(planned),
      nodeClassRef,
      resources: { requests: toResourceList(planned.requests) },
      ...(taints?.length && { taints }),
      ...(startupTaints?.length && { startupTaints }),
      ...(expireAfter !== undefined && { expireAfter }),
      ...(terminationGracePeriod !== undefined && { terminationGracePeriod }),
    },
  };
}

/** In key order; the instance types stand in the order of their price, which a provider may follow. */
function requirementSpecs({ requirements, instanceTypes }: PlannedClaim): readonly RequirementSpec[] {
  const { minValues } = requirements.get(Label.InstanceType);
  const types: RequirementSpec = {
    key: Label.InstanceType,
    operator: "In",
    values: instanceTypes.map(({ name }) => name),
    ...(minValues !== undefined && { minValues }),
  };
  const others = requirements.without(Label.InstanceType).toSpecs();
  return [...others, types].toSorted((a, b) => compareText(a.key, b.key));
}

/** S-518, K-15: that prices or capacity of a listed type are not the cloud's own. */
function overlayMarks({ instanceTypes }: PlannedClaim): Readonly<Record<string, string>> {
  return {
    ...(instanceTypes.some(({ overlaid }) => overlaid?.price) && { [Annotation.PriceOverlayApplied]: "true" }),
    ...(instanceTypes.some(({ overlaid }) => overlaid?.capacity) && { [Annotation.CapacityOverlayApplied]: "true" }),
  };
}

/** S-523. */
function launchHint({ cheapest: { instanceType, offering } }: PlannedClaim): string {
  return formatLaunchHint({
    instanceType: instanceType.name,
    zone: offering.requirements.get(Label.Zone).single() ?? "",
    capacityType: offering.requirements.get(Label.CapacityType).single() ?? "",
    ...(offering.price && { price: offering.price }),
  });
}
