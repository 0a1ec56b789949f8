// The addresses of a claim's machine as Scaleway knows them: public ones, and those of its private cards.

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";

import { inCoreWords } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import { regionOf } from "../selection/class-resolver.ts";
import type { Inventory } from "./inventory.ts";

export interface MachineAddressesParts {
  readonly client: Pick<ScalewayClient, "nicAddresses">;
  readonly inventory: Pick<Inventory, "find">;
}

/** None for a machine that is gone. */
export async function machineAddresses(
  { client, inventory }: MachineAddressesParts,
  { status }: NodeClaim,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const server = await inventory.find(status?.providerID ?? "", signal);
    const region = regionOf(server.zone);
    const lists = await Promise.all(
      server.nics.map(({ id }) =>
        inCoreWords(`addresses of ${server.name}`, () => client.nicAddresses(region, id, signal)),
      ),
    );
    return [...server.publicIps.map(({ address }) => address), ...lists.flat()].filter((address) => address !== "");
  } catch (error) {
    if (hasCode(error, "PROVIDER_MACHINE_NOT_FOUND")) return [];
    throw error;
  }
}
