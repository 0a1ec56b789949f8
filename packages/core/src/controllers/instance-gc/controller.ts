// instance.garbagecollection: a machine of ours that no NodeClaim speaks of is given back (D-149, LC-47, DX-34).

import { NodeClaims, type NodeClaim } from "../../api/index.ts";
import { listAll } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import { singletonController, type Controller } from "../../runtime/index.ts";
import { minutes, seconds } from "../../units/index.ts";
import { attemptAll } from "../attempt-all.ts";
import { nodesOfMachine } from "../claims.ts";
import { collectGarbage, deleteMachine } from "../cloud-writes.ts";
import { deleteNode } from "../delete-node.ts";
import type { ControllerDeps } from "../deps.ts";
import { listMachines, UNTIL_READY } from "../list-machines.ts";

/** An orphan must have been seen for this long, unless the provider says otherwise: longer than twice any create call. */
const ORPHAN_AGE = minutes(5);
const EAGER_ROUNDS = 20;
const EAGER = seconds(10);
const CALM = minutes(2);
const NAME = "instance.garbagecollection";

export function instanceGarbageCollectionController(deps: ControllerDeps): Controller {
  const claims = deps.cache.informer(NodeClaims);
  const orphanSince = new Map<string, number>();
  let rounds = 0;
  return singletonController({
    name: NAME,
    rateLimit: { base: seconds(1), max: CALM },
    async run({ signal }) {
      // The cloud first, then the claims: a machine made in between has its claim by then.
      const machines = await listMachines(deps, signal);
      if (!machines) return { requeueAfter: UNTIL_READY };
      // Without a trustworthy list of claims every machine would look like an orphan.
      if (!claims.hasSynced) return { requeueAfter: EAGER };
      const known = managedClaims(deps);
      const orphans = machines.filter((machine) => idOf(machine) !== "" && !isClaimed(machine, known));
      const now = deps.clock.now();
      const seen = new Set(orphans.map(idOf));
      for (const id of orphanSince.keys()) if (!seen.has(id)) orphanSince.delete(id);
      for (const id of seen) if (!orphanSince.has(id)) orphanSince.set(id, now);
      const { orphanAge = ORPHAN_AGE, orphanInterval = CALM } = deps.provider.settings();
      const old = orphans.filter((machine) => now - (orphanSince.get(idOf(machine)) ?? now) >= orphanAge);
      rounds++;
      const lost = old.length === 0 ? [] : await notInTheCluster(deps, old, signal);
      await attemptAll(
        [...lost.map((machine) => () => collect(deps, machine, signal)), () => collectGarbage(deps, known, signal)],
        (step) => step(),
      );
      return { requeueAfter: rounds < EAGER_ROUNDS ? EAGER : orphanInterval };
    },
  });
}

/** Asks the API server itself: a cache that lags behind must not cost anybody a machine. */
async function notInTheCluster(
  deps: ControllerDeps,
  machines: readonly NodeClaim[],
  signal: AbortSignal,
): Promise<readonly NodeClaim[]> {
  const { items } = await listAll(deps.kube, NodeClaims, { signal });
  const known = items.filter((claim) => deps.state.isManaged(claim.spec.nodeClassRef));
  return machines.filter((machine) => !isClaimed(machine, known));
}

function managedClaims(deps: ControllerDeps): readonly NodeClaim[] {
  const claims = deps.cache.informer(NodeClaims).list();
  return claims.filter((claim) => deps.state.isManaged(claim.spec.nodeClassRef));
}

/** By providerID; a claim that has not noted its machine yet is known by what the machine carries of it (LC-47). */
function isClaimed({ metadata, status }: NodeClaim, claims: readonly NodeClaim[]): boolean {
  return claims.some((claim) => {
    if (claim.status?.providerID) return claim.status.providerID === status?.providerID;
    return metadata.uid === undefined ? claim.metadata.name === metadata.name : claim.metadata.uid === metadata.uid;
  });
}

async function collect(deps: ControllerDeps, machine: NodeClaim, signal: AbortSignal): Promise<void> {
  // Others were worked on since the claims were read.
  if (isClaimed(machine, managedClaims(deps))) return;
  const id = idOf(machine);
  deps.logger.info("garbage collecting machine without nodeclaim", { "provider-id": id });
  deps.decisions.record({
    at: deps.clock.now(),
    controller: NAME,
    verdict: "OrphanMachine",
    subject: `Machine ${id}`,
    detail: `no NodeClaim has spoken of it for ${(deps.provider.settings().orphanAge ?? ORPHAN_AGE) / 60_000} minutes`,
  });
  try {
    await deleteMachine(deps, machine, signal);
  } catch (error) {
    if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
  }
  for (const node of nodesOfMachine(deps.cache, id)) await deleteNode(deps, node, signal);
}

function idOf(machine: NodeClaim): string {
  return machine.status?.providerID ?? "";
}
