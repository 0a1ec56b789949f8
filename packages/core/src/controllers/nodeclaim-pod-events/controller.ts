// nodeclaim.podevents: when pods of a node last came or ended, so that a node rests before it is judged (LC-46, D-141, DX-25).

import {
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  toRfc3339,
  type NodeClaim,
  type NodePool,
  type Pod,
} from "../../api/index.ts";
import { isOwnedByDaemonSet, isQuietPod, isTerminal, isTerminating } from "../../disruption/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller, type ObjectChange } from "../../runtime/index.ts";
import { seconds } from "../../units/index.ts";
import { claimsOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

const AT_MOST_EVERY = seconds(10);

export function nodeClaimPodEventsController(
  deps: Pick<ControllerDeps, "kube" | "cache" | "clock" | "state">,
): Controller {
  const nodes = deps.cache.informer(Nodes);
  const pools = deps.cache.informer(NodePools);
  const claimsOf = (nodeName: string): readonly NodeClaim[] =>
    claimsOfMachine(deps.cache, nodes.get({ name: nodeName })?.spec?.providerID ?? "");
  /** Undefined where it is not known whose the node is. */
  const poolOf = (nodeName: string): NodePool | undefined =>
    pools.get({ name: claimsOf(nodeName)[0]?.metadata.labels?.[Label.NodePool] ?? "" });
  return {
    name: "nodeclaim.podevents",
    triggers: [onChange(Pods, (change) => nodesOfChange(change, poolOf))],
    concurrency: 10,
    async reconcile(nodeName, { signal }) {
      const claims = claimsOf(nodeName);
      const [claim] = claims;
      if (!claim || claims.length > 1 || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const now = deps.clock.now();
      const last = Date.parse(claim.status?.lastPodEventTime ?? "");
      if (now - last < AT_MOST_EVERY) return undefined;
      // Should it not be written now, the node rests all the same (DX-25).
      deps.state.podEvent(claim.status?.providerID ?? "");
      const after = { ...claim, status: { ...claim.status, lastPodEventTime: toRfc3339(now) } };
      // A status write drops the uid; only the version keeps it off a namesake (RT-15).
      const change = { before: claim, after };
      await patchObjectStatus(deps.kube, NodeClaims, change, { lock: true, signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}

/** The first list is no event (DX-25): a restart does not make every node look busy. Nor is a pod that its NodePool calls quiet. */
function nodesOfChange(
  { before, after, initial }: ObjectChange<Pod>,
  poolOf: (nodeName: string) => NodePool | undefined,
): readonly string[] {
  const node = after?.spec.nodeName;
  if (initial || !after || !node || isOwnedByDaemonSet(after)) return [];
  const bound = before?.spec.nodeName !== node;
  // D-141: also a pod that was on its way out, at the moment it has ended.
  const ended =
    before !== undefined &&
    ((!isTerminal(before) && isTerminal(after)) || (!isTerminating(before) && isTerminating(after)));
  return (bound || ended) && !isQuietPod(after, poolOf(node)) ? [node] : [];
}
