// What the cloud has, for those who compare it with the claims; a provider that cannot look yet is no failure.

import type { NodeClaim } from "../api/index.ts";
import { hasCode } from "../provider/index.ts";
import { seconds } from "../units/index.ts";
import type { ControllerDeps } from "./deps.ts";

/** When to look again after the provider could not look at all. */
export const UNTIL_READY = seconds(30);

/** Undefined while no NodeClass leads to the cloud: nothing is known then, least of all that there is nothing. */
export async function listMachines(
  { provider, logger }: Pick<ControllerDeps, "provider" | "logger">,
  signal: AbortSignal,
): Promise<readonly NodeClaim[] | undefined> {
  try {
    return await provider.list({ signal });
  } catch (error) {
    if (!hasCode(error, "PROVIDER_NODE_CLASS_NOT_READY")) throw error;
    logger.debug("machines cannot be listed yet", { error });
    return undefined;
  }
}
