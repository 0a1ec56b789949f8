// One command of disruption as the JSON of the format: what goes, what comes instead, and what that saves.

import { Label } from "../../api/index.ts";
import { rescheduleCost } from "../../disruption/index.ts";
import type { DisruptionNode, DisruptionSnapshot, ProposedCommand } from "../../disruption/index.ts";
import { nodeClaimFromTemplate, rateOfNode } from "../../scheduling/index.ts";
import type { ProblemInput } from "../../scheduling/index.ts";
import { toResourceList, compareText } from "../../units/index.ts";
import { claimResult, compareClaims, compareSpecs, existingResult, rounded } from "./schedule-result.ts";
import type { ClaimResult, ExistingResult } from "./schedule-result.ts";

export interface CandidateResult {
  readonly name: string;
  readonly nodePool: string;
  readonly instanceType: string;
  readonly capacityType: string;
  readonly zone: string;
  readonly price: number;
  readonly disruptionCost: number;
}

export interface CommandResult {
  readonly decision: "delete" | "replace";
  readonly reason: string;
  readonly candidates: readonly CandidateResult[];
  readonly replacements: readonly ClaimResult[];
  readonly existingNodes?: readonly ExistingResult[];
  readonly sourcePrice: number;
  readonly replacementPrice: number;
  readonly estimatedSavings: number;
}

export function commandResult(command: ProposedCommand, snapshot: DisruptionSnapshot): CommandResult {
  const problem: ProblemInput = { ...snapshot.problem, pods: [], nodes: [], nodePools: snapshot.pools };
  const gone = new Set(command.nodes);
  const candidates = snapshot.nodes
    .filter(({ name }) => gone.has(name))
    .map((node) => candidateResult(node, snapshot))
    .toSorted((a, b) => compareText(a.name, b.name));
  const replacements = [
    ...command.replacements.map((claim) => claimResult(claim, problem)),
    ...(command.fromTemplate ?? []).flatMap((pool) => templateResult(pool, snapshot)),
  ].toSorted(compareClaims);
  const existingNodes = existingResult(command.existing);
  const sourcePrice = candidates.reduce((sum, { price }) => sum + price, 0);
  const replacementPrice = replacements.reduce((sum, { cheapestPrice }) => sum + cheapestPrice, 0);
  return {
    decision: command.decision,
    reason: command.reason,
    candidates,
    replacements,
    ...(existingNodes.length > 0 && { existingNodes }),
    sourcePrice: rounded(sourcePrice),
    replacementPrice: rounded(replacementPrice),
    estimatedSavings: rounded(sourcePrice - replacementPrice),
  };
}

function candidateResult(
  { name, labels, nodePool = "", pods }: DisruptionNode,
  { pools }: DisruptionSnapshot,
): CandidateResult {
  const types = pools.find((pool) => pool.nodePool.metadata.name === nodePool)?.instanceTypes ?? [];
  return {
    name,
    nodePool,
    instanceType: labels[Label.InstanceType] ?? "",
    capacityType: labels[Label.CapacityType] ?? "",
    zone: labels[Label.Zone] ?? "",
    price: rateOfNode(labels, types)?.amount ?? 0,
    disruptionCost: rounded(rescheduleCost(pods)),
  };
}

/** A machine of a static pool: nothing has been planned on it, so it has no price yet. */
function templateResult(name: string, { nodePools, problem }: DisruptionSnapshot): readonly ClaimResult[] {
  const nodePool = nodePools.find(({ metadata }) => metadata.name === name);
  if (nodePool === undefined) return [];
  const { spec } = nodeClaimFromTemplate(nodePool, { nodePoolHash: "", hashVersion: "" }, problem);
  const types = spec.requirements.find(({ key, operator }) => key === Label.InstanceType && operator === "In");
  return [
    {
      nodePool: name,
      pods: [],
      instanceTypes: (types?.values ?? []).toSorted(compareText),
      ...(types?.minValues !== undefined && { instanceTypeMinValues: types.minValues }),
      requirements: spec.requirements.filter((each) => each !== types).toSorted(compareSpecs),
      requests: toResourceList({}),
      ...(spec.taints?.length && { taints: spec.taints }),
      cheapestPrice: 0,
    },
  ];
}
