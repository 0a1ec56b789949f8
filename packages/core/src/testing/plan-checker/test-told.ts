// A solver with a bug: it plans for a cluster that it misread. Its plan is then told with the objects as they really are.

import type { Pod, PodSpec } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { solve } from "../../scheduling/index.ts";
import type { NodeInput, PlannedClaim, PoolInput, ProblemInput, Solution } from "../../scheduling/index.ts";
import { keyOfPod } from "./label-rules.ts";

export type Misreading = (input: ProblemInput) => ProblemInput;

export function misread(input: ProblemInput, misreading: Misreading): Solution {
  const { newClaims, existing, failures, ...rest } = solve(misreading(input));
  const pods = new Map(input.pods.map((pod) => [keyOfPod(pod), pod]));
  const real = (pod: Pod): Pod => pods.get(keyOfPod(pod)) ?? pod;
  return {
    newClaims: newClaims.map((claim) => realClaim({ ...claim, pods: claim.pods.map(real) }, input)),
    existing: existing.map((placement) => ({ ...placement, pods: placement.pods.map(real) })),
    failures,
    ...rest,
  };
}

function realClaim(claim: PlannedClaim, { nodePools }: ProblemInput): PlannedClaim {
  const sold = nodePools.flatMap(({ instanceTypes }) => instanceTypes);
  const real = (type: InstanceType): InstanceType => sold.find(({ name }) => name === type.name) ?? type;
  const { instanceType, offering } = claim.cheapest;
  const index = instanceType.offerings.indexOf(offering);
  const type = real(instanceType);
  return {
    ...claim,
    instanceTypes: claim.instanceTypes.map(real),
    cheapest: { instanceType: type, offering: type.offerings[index] ?? offering },
  };
}

export const pods =
  (change: (spec: PodSpec, pod: Pod) => PodSpec): Misreading =>
  (input) => ({ ...input, pods: input.pods.map((pod) => ({ ...pod, spec: change(pod.spec, pod) })) });

export const pools =
  (change: (pool: PoolInput) => PoolInput): Misreading =>
  (input) => ({ ...input, nodePools: input.nodePools.map(change) });

export const poolSpec = (change: (spec: PoolInput["nodePool"]["spec"]) => PoolInput["nodePool"]["spec"]): Misreading =>
  pools((pool) => ({ ...pool, nodePool: { ...pool.nodePool, spec: change(pool.nodePool.spec) } }));

export const types = (change: (type: InstanceType) => InstanceType): Misreading =>
  pools((pool) => ({ ...pool, instanceTypes: pool.instanceTypes.map(change) }));

export const nodes =
  (change: (node: NodeInput) => NodeInput): Misreading =>
  (input) => ({ ...input, nodes: input.nodes.map(change) });

export const containers = (change: (container: PodSpec["containers"][number]) => PodSpec["containers"][number]) =>
  pods((spec) => ({ ...spec, containers: spec.containers.map(change) }));
