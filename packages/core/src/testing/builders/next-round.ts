// The round after a solve: what it planned has been launched, has joined and carries its pods.

import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { allocatableOf } from "../../scheduling/index.ts";
import type { NodeInput, PlannedClaim, ProblemInput, Solution } from "../../scheduling/index.ts";
import { compareText } from "../../units/index.ts";

/**
 * Each planned claim is an initialized node of the claim's cheapest type and offering, each placed pod is bound and runs.
 * The pods the solve left over wait again, those it deferred too, and `arriving` ones come after them.
 */
export function nextRound(problem: ProblemInput, solution: Solution, arriving: readonly Pod[] = []): ProblemInput {
  const placed = new Map(solution.existing.map(({ node, pods }) => [node, pods]));
  const taken = new Set(problem.nodes.map(({ name }) => name));
  const grown = problem.nodes.map((node) => ({
    ...node,
    pods: [...node.pods, ...bound(placed.get(node.name), node.name)],
  }));
  const launched = solution.newClaims.map((claim) => launchedNode(claim, freeName(claim.nodePool, taken), problem));
  return { ...problem, pods: [...leftOver(problem, solution), ...arriving], nodes: [...grown, ...launched] };
}

function leftOver({ pods }: ProblemInput, { existing, newClaims }: Solution): readonly Pod[] {
  const placed = new Set(
    [...existing, ...newClaims].flatMap((place) => place.pods.map(({ metadata }) => metadata.uid)),
  );
  return pods.filter(({ metadata }) => !placed.has(metadata.uid));
}

function freeName(nodePool: string, taken: Set<string>): string {
  let number = taken.size + 1;
  while (taken.has(`${nodePool}-${number}`)) number++;
  const name = `${nodePool}-${number}`;
  taken.add(name);
  return name;
}

function launchedNode(claim: PlannedClaim, name: string, { nodePools }: ProblemInput): NodeInput {
  const { instanceType, offering } = claim.cheapest;
  const pool = nodePools.find(({ nodePool }) => nodePool.metadata.name === claim.nodePool);
  const capacity = { ...instanceType.capacity, ...offering.capacityOverride };
  const overhead = { ...instanceType.overhead, ...offering.overheadOverride };
  return {
    name,
    nodePool: claim.nodePool,
    initialized: true,
    labels: nodeLabels(claim, name),
    taints: pool?.nodePool.spec.template.spec.taints ?? [],
    capacity: { ...capacity, nodes: 1 },
    allocatable: allocatableOf({ ...instanceType, capacity, overhead }),
    pods: bound(claim.pods, name),
    ...(instanceType.volumeLimits && { volumeLimits: instanceType.volumeLimits }),
  };
}

/** What the cloud reports of the machine; the claim's own labels win. */
function nodeLabels({ cheapest, requirements, labels }: PlannedClaim, name: string): Readonly<Record<string, string>> {
  const { instanceType, offering } = cheapest;
  const reported: Record<string, string> = {};
  for (const key of new Set([...instanceType.requirements.keys(), ...offering.requirements.keys()])) {
    const source = offering.requirements.has(key) ? offering.requirements : instanceType.requirements;
    const possible = source.get(key).intersection(requirements.get(key));
    if (possible.operator === "In") reported[key] = key === Label.Os ? systemOf(possible.values) : possible.any();
  }
  return {
    ...reported,
    ...labels,
    [Label.Hostname]: name,
    [Label.Registered]: "true",
    [Label.Initialized]: "true",
  };
}

function systemOf(possible: ReadonlySet<string>): string {
  return possible.has("linux") ? "linux" : ([...possible].toSorted(compareText)[0] ?? "linux");
}

function bound(pods: readonly Pod[] = [], nodeName: string): readonly Pod[] {
  return pods.map((pod) => ({
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  }));
}
