// A plan as the JSON of the format: canonical order everywhere, so that two answers can be compared as text.

import { Label } from "../../api/index.ts";
import type { NodePool, Pod, RequirementSpec, Taint } from "../../api/index.ts";
import type { ExistingPlacement, PlannedClaim, ProblemInput, Solution } from "../../scheduling/index.ts";
import { compareText, toResourceList } from "../../units/index.ts";

export interface CheapestResult {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  readonly price: number;
}

export interface ClaimResult {
  readonly nodePool: string;
  readonly pods: readonly string[];
  /** Cheapest first, equal prices by name. */
  readonly instanceTypes: readonly string[];
  readonly instanceTypeMinValues?: number;
  readonly requirements: readonly RequirementSpec[];
  readonly requests: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly minValuesRelaxed?: true;
  readonly cheapest?: CheapestResult;
  readonly cheapestPrice: number;
}

export interface ExistingResult {
  readonly name: string;
  readonly pods: readonly string[];
}

export interface ScheduleResult {
  readonly newNodeClaims: readonly ClaimResult[];
  readonly existingNodes: readonly ExistingResult[];
  /** Pod key → why it found no place. */
  readonly errors: Readonly<Record<string, string>>;
  readonly ignored?: Readonly<Record<string, string>>;
  readonly totalCheapestPrice: number;
}

export function scheduleResult(
  solution: Solution,
  problem: ProblemInput,
  ignored: Readonly<Record<string, string>> = {},
): ScheduleResult {
  const newNodeClaims = solution.newClaims.map((claim) => claimResult(claim, problem)).toSorted(compareClaims);
  const errors = [
    ...solution.failures.map(({ pod, summary }) => [`${pod.namespace}/${pod.name}`, summary] as const),
    // The format has no place of its own for pods that wait.
    ...keysOf(solution.deferred).map((key) => [key, "waits until reserved capacity is free"] as const),
  ];
  return {
    newNodeClaims,
    existingNodes: existingResult(solution.existing),
    errors: Object.fromEntries(errors.toSorted(([a], [b]) => compareText(a, b))),
    ...(Object.keys(ignored).length > 0 && { ignored }),
    totalCheapestPrice: rounded(newNodeClaims.reduce((sum, { cheapestPrice }) => sum + cheapestPrice, 0)),
  };
}

export function existingResult(existing: readonly ExistingPlacement[]): readonly ExistingResult[] {
  return existing
    .map(({ node, pods }) => ({ name: node, pods: keysOf(pods) }))
    .toSorted((a, b) => compareText(a.name, b.name));
}

/** The instance type itself is said apart from the other requirements. */
export function claimResult(claim: PlannedClaim, problem: ProblemInput): ClaimResult {
  const { minValues } = claim.requirements.get(Label.InstanceType);
  const taints = poolOf(claim, problem)?.spec.template.spec.taints;
  const cheapest = cheapestOf(claim, problem.wellKnownLabels);
  const requests = Object.entries(claim.requests).filter(([, amount]) => amount !== 0);
  return {
    nodePool: claim.nodePool,
    pods: keysOf(claim.pods),
    instanceTypes: claim.instanceTypes.map(({ name }) => name),
    ...(minValues !== undefined && { instanceTypeMinValues: minValues }),
    requirements: claim.requirements.without(Label.InstanceType).toSpecs().toSorted(compareSpecs),
    requests: toResourceList(Object.fromEntries(requests)),
    ...(taints?.length && { taints }),
    ...(claim.minValuesRelaxed && { minValuesRelaxed: true }),
    ...(cheapest && { cheapest }),
    cheapestPrice: cheapest?.price ?? 0,
  };
}

function poolOf({ nodePool }: PlannedClaim, { nodePools }: ProblemInput): NodePool | undefined {
  return nodePools.find((pool) => pool.nodePool.metadata.name === nodePool)?.nodePool;
}

/** Equal prices: by type, zone and capacity type, as the format orders them. */
function cheapestOf(claim: PlannedClaim, wellKnown: ReadonlySet<string>): CheapestResult | undefined {
  const offers = claim.instanceTypes.flatMap((type) =>
    type.offerings
      .filter(
        ({ availability, requirements }) =>
          availability.available && claim.requirements.isCompatible(requirements, wellKnown),
      )
      .map(({ requirements, price }) => ({
        instanceType: type.name,
        zone: requirements.get(Label.Zone).single() ?? "",
        capacityType: requirements.get(Label.CapacityType).single() ?? "",
        price: rounded(price?.amount ?? 0),
      })),
  );
  const [cheapest] = offers.toSorted((a, b) => a.price - b.price || compareText(placeOf(a), placeOf(b)));
  return cheapest;
}

function placeOf({ instanceType, zone, capacityType }: CheapestResult): string {
  return `${instanceType}|${zone}|${capacityType}`;
}

export function compareSpecs(a: RequirementSpec, b: RequirementSpec): number {
  const text = ({ operator, values = [] }: RequirementSpec): string => operator + values.join(",");
  return compareText(a.key, b.key) || compareText(text(a), text(b));
}

export function compareClaims(a: ClaimResult, b: ClaimResult): number {
  return compareText(a.nodePool, b.nodePool) || compareText(a.pods[0] ?? "", b.pods[0] ?? "");
}

function keysOf(pods: readonly Pod[]): readonly string[] {
  return pods.map(({ metadata }) => `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`).toSorted(compareText);
}

/** Nine digits keep what matters of a sum of prices. */
export function rounded(price: number): number {
  return Math.round(price * 1e9) / 1e9;
}
