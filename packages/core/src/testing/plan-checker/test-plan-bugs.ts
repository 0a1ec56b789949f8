// Bugs of a plan, each as what is changed in a good one.

import { Label } from "../../api/index.ts";
import type { PlannedClaim, Solution } from "../../scheduling/index.ts";
import { anOffering, aPod, aPoolInput } from "../builders/index.ts";
import { large, node, problem, RESERVATION_ID, reservedProblem, small, SOLD, wants } from "./test-clusters.ts";
import type { PlanBug } from "./test-clusters.ts";

const plain = problem(wants({ requests: { cpu: "1" } }, 2));
const onNode = problem({ ...wants({}), nodes: [node()] });
const firstClaim =
  (change: (claim: PlannedClaim) => PlannedClaim) =>
  (plan: Solution): Solution => ({ ...plan, newClaims: plan.newClaims.map(change) });

export const planBugs: readonly PlanBug[] = [
  {
    bug: "a pod is forgotten",
    rule: "PodMissing",
    input: plain,
    change: firstClaim((claim) => ({ ...claim, pods: claim.pods.slice(1) })),
  },
  {
    bug: "a pod is placed twice",
    rule: "PodTwice",
    input: plain,
    change: firstClaim((claim) => ({ ...claim, pods: [...claim.pods, ...claim.pods.slice(1)] })),
  },
  {
    bug: "a pod is made up",
    rule: "PodUnknown",
    input: plain,
    change: firstClaim((claim) => ({ ...claim, pods: [...claim.pods, aPod({ name: "ghost" })] })),
  },
  {
    bug: "a node is made up",
    rule: "NodeUnknown",
    input: onNode,
    change: (plan) => ({ ...plan, existing: plan.existing.map((each) => ({ ...each, node: "ghost" })) }),
  },
  {
    bug: "a type too small is listed",
    rule: "Resources",
    input: problem(wants({ requests: { cpu: "3" } })),
    change: firstClaim((claim) => ({ ...claim, instanceTypes: [small, ...claim.instanceTypes] })),
  },
  {
    bug: "a type is listed twice",
    rule: "InstanceTypes",
    input: plain,
    change: firstClaim((claim) => ({
      ...claim,
      instanceTypes: [...claim.instanceTypes, ...claim.instanceTypes.slice(-1)],
    })),
  },
  {
    bug: "no type is listed",
    rule: "InstanceTypes",
    input: plain,
    change: firstClaim((claim) => ({ ...claim, instanceTypes: [] })),
  },
  {
    bug: "types are not in price order",
    rule: "Cheapest",
    input: plain,
    change: firstClaim((claim) => ({ ...claim, instanceTypes: claim.instanceTypes.toReversed() })),
  },
  {
    bug: "the plan counts on a dearer offering",
    rule: "Cheapest",
    input: plain,
    change: firstClaim((claim) => ({
      ...claim,
      cheapest: { instanceType: large, offering: anOffering({ price: 9 }) },
    })),
  },
  {
    bug: "the claim asks for less than its pods",
    rule: "Requests",
    input: plain,
    change: firstClaim((claim) => ({ ...claim, requests: { ...claim.requests, cpu: 1 } })),
  },
  {
    bug: "a label of the NodePool is lost",
    rule: "Labels",
    input: problem({ ...wants({}), nodePools: [aPoolInput({ instanceTypes: SOLD, labels: { team: "a" } })] }),
    change: firstClaim((claim) => ({ ...claim, labels: {} })),
  },
  {
    bug: "what pods ask for is lost from the claim",
    rule: "Labels",
    input: problem(wants({ nodeSelector: { [Label.Zone]: "zone-b" } })),
    change: firstClaim((claim) => ({ ...claim, requirements: claim.requirements.without(Label.Zone) })),
  },
  {
    bug: "that minValues was lowered is not said",
    rule: "MinValues",
    input: problem({
      ...wants({ requests: { cpu: "3" } }),
      nodePools: [
        aPoolInput({
          instanceTypes: SOLD,
          requirements: [{ key: Label.InstanceType, operator: "Exists", minValues: 2 }],
        }),
      ],
      minValuesPolicy: "BestEffort",
    }),
    change: firstClaim((claim) => ({ ...claim, minValuesRelaxed: false })),
  },
  {
    bug: "a claim forgets which reservations it holds",
    rule: "Reservations",
    input: reservedProblem(wants({})),
    change: firstClaim((claim) => ({ ...claim, requirements: claim.requirements.without(RESERVATION_ID) })),
  },
  {
    bug: "a pod waits although there is nothing to wait for",
    rule: "PodMissing",
    input: plain,
    change: (plan) => ({ ...plan, newClaims: [], deferred: plan.newClaims.flatMap(({ pods }) => pods) }),
  },
  {
    bug: "a machine is bought for nobody",
    rule: "InstanceTypes",
    input: plain,
    change: (plan) => ({ ...plan, newClaims: plan.newClaims.flatMap((claim) => [claim, { ...claim, pods: [] }]) }),
  },
  {
    bug: "a pod with a volume is placed unseen",
    rule: "VolumeClaim",
    input: plain,
    change: firstClaim((claim) => ({
      ...claim,
      pods: claim.pods.map((pod) =>
        aPod({ name: pod.metadata.name ?? "", spec: { volumes: [{ persistentVolumeClaim: { claimName: "data" } }] } }),
      ),
    })),
  },
];
