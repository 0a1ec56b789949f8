// nodeclaim.garbagecollection: a registered claim whose machine the cloud no longer has is deleted (D-147, DX-34).

import { isConditionTrue, NodeClaims, type NodeClaim } from "../../api/index.ts";
import { singletonController, type Controller } from "../../runtime/index.ts";
import { minutes, seconds } from "../../units/index.ts";
import { attemptAll } from "../attempt-all.ts";
import { disruptionLabels, isReadyNode, nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";
import { listMachines, UNTIL_READY } from "../list-machines.ts";
import { deleteClaim } from "../nodeclaim-lifecycle/delete-claim.ts";

/** A machine counts as gone when two complete lists this far apart both lack it. */
const CONFIRM_AFTER = seconds(30);
const EVERY = minutes(2);

export function nodeClaimGarbageCollectionController(deps: ControllerDeps): Controller {
  const claims = deps.cache.informer(NodeClaims);
  const missingSince = new Map<string, number>();
  return singletonController({
    name: "nodeclaim.garbagecollection",
    rateLimit: { base: seconds(1), max: EVERY },
    async run({ signal }) {
      // A list error ends the round: an error is never an empty list.
      const machines = await listMachines(deps, signal);
      if (!machines) return { requeueAfter: UNTIL_READY };
      // D-147: one that is on its way out, whoever asked for that, holds no claim.
      const staying = machines.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      const present = new Set(staying.map((machine) => machine.status?.providerID));
      const now = deps.clock.now();
      const missing = claims.list().filter((claim) => isMissing(deps, claim, present));
      const uids = new Set(missing.map((claim) => claim.metadata.uid ?? ""));
      for (const uid of missingSince.keys()) if (!uids.has(uid)) missingSince.delete(uid);
      for (const uid of uids) if (!missingSince.has(uid)) missingSince.set(uid, now);
      const isConfirmed = ({ metadata }: NodeClaim) =>
        now - (missingSince.get(metadata.uid ?? "") ?? now) >= CONFIRM_AFTER;
      const confirmed = missing.filter(isConfirmed);
      await attemptAll(confirmed, (claim) => collect(deps, claim, signal));
      return { requeueAfter: confirmed.length < missing.length ? CONFIRM_AFTER : EVERY };
    },
  });
}

function isMissing(deps: ControllerDeps, claim: NodeClaim, present: ReadonlySet<string | undefined>): boolean {
  if (!deps.state.isManaged(claim.spec.nodeClassRef) || claim.metadata.deletionTimestamp) return false;
  const { providerID } = claim.status ?? {};
  if (!isConditionTrue(claim, "Registered") || !providerID || present.has(providerID)) return false;
  const nodes = nodesOfMachine(deps.cache, providerID);
  // A Ready node means that its kubelet is alive: then the cloud's answer is what one should doubt.
  return !(nodes.length === 1 && nodes.some(isReadyNode));
}

async function collect(deps: ControllerDeps, claim: NodeClaim, signal: AbortSignal): Promise<void> {
  deps.logger.info("garbage collecting nodeclaim", {
    NodeClaim: claim.metadata.name,
    "provider-id": claim.status?.providerID,
  });
  deps.decisions.record({
    at: deps.clock.now(),
    controller: "nodeclaim.garbagecollection",
    verdict: "MachineGone",
    subject: `NodeClaim ${claim.metadata.name}`,
    detail: `the cloud no longer lists ${claim.status?.providerID}`,
  });
  await deleteClaim(deps, claim, signal);
  deps.metrics.count("karpenter_nodeclaims_disrupted_total", disruptionLabels(claim, "garbage_collected"));
}
