// instance.garbagecollection: a machine of ours that no NodeClaim speaks of is given back (D-149, LC-47, DX-34).

import { NodeClaims, Nodes, type NodeClaim } from "../../api/index.ts";
import { isNotFound, keyOf } from "../../kube/index.ts";
import { hasCode } from "../../provider/index.ts";
import { singletonController, type Controller } from "../../runtime/index.ts";
import { minutes, seconds } from "../../units/index.ts";
import { nodesOfMachine } from "../claims.ts";
import type { ControllerDeps } from "../deps.ts";

/** An orphan must have been seen for this long: longer than twice any create call. */
const ORPHAN_AGE = minutes(5);
const EAGER_ROUNDS = 20;

export function instanceGarbageCollectionController(deps: ControllerDeps): Controller {
  const claims = deps.cache.informer(NodeClaims);
  const orphanSince = new Map<string, number>();
  let rounds = 0;
  return singletonController({
    name: "instance.garbagecollection",
    async run({ signal }) {
      // The cloud first, then the claims: a machine made in between has its claim by then.
      const machines = await deps.provider.list({ signal });
      const known = claims.list();
      const ids = new Set(known.map((claim) => claim.status?.providerID));
      const orphans = machines.filter((machine) => !ids.has(machine.status?.providerID));
      const now = deps.clock.now();
      const seen = new Set(orphans.map(idOf));
      for (const id of orphanSince.keys()) if (!seen.has(id)) orphanSince.delete(id);
      for (const machine of orphans) {
        const since = orphanSince.get(idOf(machine)) ?? now;
        orphanSince.set(idOf(machine), since);
        if (now - since >= ORPHAN_AGE) await collect(deps, machine, signal);
      }
      await deps.provider.collectGarbage?.(known, { signal });
      rounds++;
      return { requeueAfter: rounds < EAGER_ROUNDS ? seconds(10) : minutes(2) };
    },
  });
}

async function collect(deps: ControllerDeps, machine: NodeClaim, signal: AbortSignal): Promise<void> {
  const id = idOf(machine);
  deps.logger.info("garbage collecting machine without nodeclaim", { "provider-id": id });
  deps.decisions.record({
    at: deps.clock.now(),
    controller: "instance.garbagecollection",
    verdict: "OrphanMachine",
    subject: `Machine ${id}`,
    detail: `no NodeClaim has spoken of it for ${ORPHAN_AGE / 60_000} minutes`,
  });
  try {
    await deps.provider.delete(machine, { signal });
  } catch (error) {
    if (!hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) throw error;
  }
  for (const node of nodesOfMachine(deps.cache, id)) {
    await deps.kube.delete(Nodes, keyOf(node), { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

function idOf(machine: NodeClaim): string {
  return machine.status?.providerID ?? "";
}
