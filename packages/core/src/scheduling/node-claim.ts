// The NodeClaim object that asks for a planned machine (S-519…S-523, LC-8…LC-10).

import { Annotation, formatLaunchHint, Label } from "../api/index.ts";
import type { NodeClaim, NodePool, RequirementSpec } from "../api/index.ts";
import { compareText, toResourceList, type Resources } from "../units/index.ts";
import { INTERNAL_KEYS, labelsOf } from "./plan-claims.ts";
import type { ProblemInput } from "./problem.ts";
import type { PlannedClaim } from "./solution.ts";
import { templateRequirements } from "./templates.ts";

export interface NodeClaimStamp {
  /** As seen at the start of the solve, even if the pool changed meanwhile (S-520). */
  readonly nodePoolHash: string;
  readonly hashVersion: string;
}

/** What the provider says about label keys and values. */
export type TemplateRules = Pick<ProblemInput, "wellKnownLabels" | "restrictedDomains" | "normalization">;

export function nodeClaimFromPlan(planned: PlannedClaim, nodePool: NodePool, stamp: NodeClaimStamp): NodeClaim {
  return claimOf(nodePool, stamp, {
    labels: planned.labels,
    annotations: {
      [Annotation.MinValuesRelaxed]: String(planned.minValuesRelaxed),
      ...overlayMarks(planned),
      [Annotation.LaunchHint]: launchHint(planned),
    },
    requirements: requirementSpecs(planned),
    requests: planned.requests,
  });
}

/** S-522: any machine that the template allows; the cloud's side chooses which, and nothing has to fit on it. */
export function nodeClaimFromTemplate(nodePool: NodePool, stamp: NodeClaimStamp, rules: TemplateRules): NodeClaim {
  const requirements = templateRequirements(nodePool, rules.normalization);
  return claimOf(nodePool, stamp, {
    labels: labelsOf({ template: { pool: { nodePool }, requirements }, requirements }, rules),
    requirements: requirements.without(...INTERNAL_KEYS).toSpecs(),
  });
}

interface Particulars {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requirements: readonly RequirementSpec[];
  readonly requests?: Resources;
}

/** What every claim of a NodePool has in common, with what is this one's own. */
function claimOf(nodePool: NodePool, stamp: NodeClaimStamp, own: Particulars): NodeClaim {
  const { metadata, spec } = nodePool.spec.template;
  const { taints, startupTaints, expireAfter, terminationGracePeriod, nodeClassRef } = spec;
  const { name = "", uid = "" } = nodePool.metadata;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      generateName: `${name}-`,
      labels: { ...own.labels },
      annotations: {
        ...metadata?.annotations,
        [Annotation.NodePoolHash]: stamp.nodePoolHash,
        [Annotation.NodePoolHashVersion]: stamp.hashVersion,
        ...own.annotations,
      },
      ownerReferences: [{ apiVersion: "karpenter.sh/v1", kind: "NodePool", name, uid, blockOwnerDeletion: true }],
    },
    spec: {
      requirements: own.requirements,
      nodeClassRef,
      ...(own.requests && { resources: { requests: toResourceList(own.requests) } }),
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
