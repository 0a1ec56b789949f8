// nodeclaim.podevents: when pods of a node last came or ended, so that a node rests before it is judged (LC-46, D-141, DX-25).

import { NodeClaims, Nodes, Pods, toRfc3339, type Pod } from "../../api/index.ts";
import { isOwnedByDaemonSet, isTerminal, isTerminating } from "../../disruption/index.ts";
import { keyOf } from "../../kube/index.ts";
import { onChange, type Controller, type ObjectChange } from "../../runtime/index.ts";
import { seconds } from "../../units/index.ts";
import { claimsOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";

const AT_MOST_EVERY = seconds(10);

export function nodeClaimPodEventsController(
  deps: Pick<ControllerDeps, "kube" | "cache" | "clock" | "state" | "podEvents">,
): Controller {
  const nodes = deps.cache.informer(Nodes);
  return {
    name: "nodeclaim.podevents",
    triggers: [onChange(Pods, nodesOfChange)],
    concurrency: 10,
    async reconcile(nodeName, { signal }) {
      const node = nodes.get({ name: nodeName });
      const claims = claimsOfMachine(deps.cache, node?.spec?.providerID ?? "");
      const [claim] = claims;
      if (!claim || claims.length > 1 || !deps.state.isManaged(claim.spec.nodeClassRef)) return undefined;
      const now = deps.clock.now();
      const last = Date.parse(claim.status?.lastPodEventTime ?? "");
      if (now - last < AT_MOST_EVERY) return undefined;
      deps.podEvents?.note(claim, now);
      const body = { status: { lastPodEventTime: toRfc3339(now) } };
      await deps.kube.patchStatus(NodeClaims, keyOf(claim), { type: "merge", body }, { signal }).catch(ignoreNotFound);
      return undefined;
    },
  };
}

/** The first list is no event (DX-25): a restart does not make every node look busy. */
function nodesOfChange({ before, after, initial }: ObjectChange<Pod>): readonly string[] {
  const node = after?.spec.nodeName;
  if (initial || !after || !node || isOwnedByDaemonSet(after)) return [];
  const bound = before?.spec.nodeName !== node;
  // D-141: also a pod that was on its way out, at the moment it has ended.
  const ended =
    before !== undefined &&
    ((!isTerminal(before) && isTerminal(after)) || (!isTerminating(before) && isTerminating(after)));
  return bound || ended ? [node] : [];
}
