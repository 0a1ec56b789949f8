// nodeclaim.consistency: now and then, whether a node is what its claim says, in the condition ConsistentStateFound (LC-45, D-144).

import { ConditionSet, isConditionTrue, NodeClaims, Nodes, type NodeClaim } from "../../api/index.ts";
import { patchObjectStatus } from "../../kube/index.ts";
import { onChange, type Controller } from "../../runtime/index.ts";
import { milliseconds, minutes } from "../../units/index.ts";
import { claimsOfMachine, nodesByProviderID, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { ignoreNotFound } from "../ignore-not-found.ts";
import { shapeIssues } from "./node-shape.ts";

const EVERY = minutes(10);

type Deps = Pick<ControllerDeps, "kube" | "cache" | "clock" | "state" | "events" | "logger">;

export function nodeClaimConsistencyController(deps: Deps): Controller {
  const claims = deps.cache.informer(NodeClaims);
  nodesByProviderID(deps.cache);
  /** By name: whose last check was when. */
  const checked = new Map<string, { readonly uid: string; readonly at: number }>();
  return {
    name: "nodeclaim.consistency",
    triggers: [
      onChange(NodeClaims, ({ before, after }) => [(after ?? before)?.metadata.name ?? ""]),
      onChange(Nodes, ({ after }) =>
        claimsOfMachine(deps.cache, after?.spec?.providerID ?? "").map(({ metadata }) => metadata.name ?? ""),
      ),
    ],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      if (!claim) checked.delete(name);
      const nodes = nodesOfMachine(deps.cache, claim?.status?.providerID);
      const [node] = nodes;
      if (!claim || !node || nodes.length > 1 || !isInUse(deps, claim)) return undefined;
      const now = deps.clock.now();
      const { uid = "" } = claim.metadata;
      const last = checked.get(name);
      if (last?.uid === uid && now - last.at < EVERY) return { requeueAfter: milliseconds(last.at + EVERY - now) };
      const issues = shapeIssues(node, claim);
      await writeVerdict(deps, claim, issues, signal);
      checked.set(name, { uid, at: now });
      for (const issue of issues) tell(deps, claim, issue);
      return { requeueAfter: EVERY };
    },
  };
}

function isInUse(deps: Deps, claim: NodeClaim): boolean {
  const { metadata, spec } = claim;
  return (
    deps.state.isManaged(spec.nodeClassRef) && !metadata.deletionTimestamp && isConditionTrue(claim, "Initialized")
  );
}

async function writeVerdict(
  deps: Deps,
  claim: NodeClaim,
  issues: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const known = ConditionSet.forNodeClaim(claim, deps.clock.now());
  const conditions =
    issues.length === 0
      ? known.set("ConsistentStateFound", "True")
      : known.set("ConsistentStateFound", "False", "ConsistencyCheckFailed", issues.join("; "));
  const after = { ...claim, status: { ...claim.status, conditions: conditions.toList() } };
  const change = { before: claim, after };
  await patchObjectStatus(deps.kube, NodeClaims, change, { lock: true, signal }).catch(ignoreNotFound);
}

function tell(deps: Deps, claim: NodeClaim, issue: string): void {
  deps.logger.info("node is not what its nodeclaim says", { NodeClaim: claim.metadata.name, issue });
  deps.events.publish({
    resource: NodeClaims,
    object: claim,
    type: "Warning",
    reason: "FailedConsistencyCheck",
    message: issue,
    dedupeKey: `FailedConsistencyCheck/${claim.metadata.uid}/${issue}`,
  });
}
