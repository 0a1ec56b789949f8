// What NodeOverlays say that a machine has besides what its cloud tells of it (OV-5): counted until the Node reports it itself.

import { Annotation, Label, NodePools, type NodeClaim, type NodeClaimStatus } from "../../api/index.ts";
import { toResourceList, type Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

type Deps = Pick<ControllerDeps, "provider" | "cache" | "logger" | "overlays">;

/** `claim` as planned, `launched` as the cloud answered. Without this the pods that asked for the resource would seem to fit nowhere. */
export async function overlaidCapacity(
  deps: Deps,
  claim: NodeClaim,
  launched: NodeClaim,
  signal: AbortSignal,
): Promise<Pick<NodeClaimStatus, "capacity" | "allocatable">> {
  const { capacity, allocatable } = launched.status ?? {};
  const added = toResourceList(await addedResources(deps, claim, launched, signal));
  return {
    ...(capacity && { capacity: { ...capacity, ...added } }),
    ...(allocatable && { allocatable: { ...allocatable, ...added } }),
  };
}

async function addedResources(
  { overlays, cache, provider, logger }: Deps,
  { metadata }: NodeClaim,
  launched: NodeClaim,
  signal: AbortSignal,
): Promise<Resources> {
  if (!overlays?.current || metadata.annotations?.[Annotation.CapacityOverlayApplied] !== "true") return {};
  const pool = cache.informer(NodePools).get({ name: metadata.labels?.[Label.NodePool] ?? "" });
  if (!pool) return {};
  try {
    const { items } = await provider.getInstanceTypes(pool, { signal });
    const name = launched.metadata.labels?.[Label.InstanceType];
    const listed = items.find((type) => type.name === name);
    const known = overlays.current.instanceTypes(pool, items)?.find((type) => type.name === name);
    const changed = Object.entries(known?.capacity ?? {}).filter(([key, amount]) => listed?.capacity[key] !== amount);
    return Object.fromEntries(changed);
  } catch (error) {
    signal.throwIfAborted();
    // The machine is there and paid for: what is not known of it must not keep it from being used.
    logger.warn("instance types cannot be listed, capacity of overlays is not counted", {
      NodeClaim: metadata.name,
      error,
    });
    return {};
  }
}
