// learned.machines: looks at every machine once it works, and remembers what it turned out to be and how long it took to come.

import { getCondition, isConditionTrue, Label, NodeClaims, type Node, type NodeClaim } from "../../api/index.ts";
import { kindOfMachine, type LearnedMachines } from "../../provider/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { allocatableFrom, hours, minutes } from "../../units/index.ts";
import { isReadyNode, nodesByProviderID, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";

type Deps = Pick<ControllerDeps, "cache" | "state" | "logger">;

/** Taints that say that a node is not well (not-ready, memory-pressure …). */
const KUBELET_TAINTS = "node.kubernetes.io/";
/** A machine with less than this share of what was promised is broken, and says nothing about its type. */
const LEAST_SHARE = 0.5;

export function learnedMachinesController(deps: Deps, learned: LearnedMachines): Controller {
  const claims = deps.cache.informer(NodeClaims);
  nodesByProviderID(deps.cache);
  return {
    name: "learned.machines",
    triggers: [
      onChange(NodeClaims, ({ before, after }) => (worksNow(before, after) ? [after?.metadata.name ?? ""] : [])),
    ],
    async reconcile(name) {
      const claim = claims.get({ name });
      if (!claim || !isWorking(claim) || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const instanceType = claim.metadata.labels?.[Label.InstanceType];
      if (instanceType === undefined) return undefined;
      const kind = kindOfMachine(claim.spec.nodeClassRef, instanceType);
      const creation = Date.parse(claim.metadata.creationTimestamp ?? "");
      const at = timeOf(claim, "Initialized");
      learned.booted(kind, { at, toRegistered: timeOf(claim, "Registered") - creation, toInitialized: at - creation });
      const [node, ...others] = nodesOfMachine(deps.cache, claim.status?.providerID);
      if (!node || others.length > 0 || !isWell(node)) return { requeueAfter: minutes(10) };
      if (isBroken(node, claim)) {
        deps.logger.warn("a node has much less than its type promises, its size is not learned", {
          Node: node.metadata.name,
          "instance-type": instanceType,
          allocatable: node.status?.allocatable,
        });
      } else {
        const capacity = allocatableFrom(node.status?.capacity);
        const allocatable = allocatableFrom(node.status?.allocatable);
        learned.observe(kind, node.status?.nodeInfo?.["kubeletVersion"] ?? "", { capacity, allocatable });
      }
      return { requeueAfter: hours(12) };
    },
  };
}

function worksNow(before: NodeClaim | undefined, after: NodeClaim | undefined): boolean {
  return after !== undefined && isWorking(after) && !(before !== undefined && isWorking(before));
}

function isWorking(claim: NodeClaim): boolean {
  return isConditionTrue(claim, "Initialized") && claim.metadata.deletionTimestamp === undefined;
}

function isWell(node: Node): boolean {
  const taints = node.spec?.taints ?? [];
  return isReadyNode(node) && !taints.some(({ key }) => key.startsWith(KUBELET_TAINTS));
}

function isBroken(node: Node, claim: NodeClaim): boolean {
  const has = allocatableFrom(node.status?.allocatable);
  const promised = allocatableFrom(claim.status?.allocatable);
  return ["cpu", "memory"].some((name) => (has[name] ?? 0) < LEAST_SHARE * (promised[name] ?? 0));
}

function timeOf(claim: NodeClaim, condition: string): number {
  return Date.parse(getCondition(claim, condition)?.lastTransitionTime ?? "");
}
