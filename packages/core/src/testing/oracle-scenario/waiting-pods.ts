// Which pods of a scenario wait for a node, and why each of the others takes no part.

import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { isProvisionable } from "../../disruption/index.ts";
import { optsOutOfNodePools, podErrors, VolumeBook } from "../../scheduling/index.ts";
import type { Scenario } from "./scenario.ts";

export interface WaitingPods {
  readonly waiting: readonly Pod[];
  /** Pod key → why it is left out. */
  readonly ignored: Readonly<Record<string, string>>;
}

export function waitingPods({ pods, storage }: Scenario, wellKnown: ReadonlySet<string>): WaitingPods {
  const ignored: Record<string, string> = {};
  const volumes = new VolumeBook(storage);
  const waiting = pods.filter((pod) => {
    const why = leftOut(pod, wellKnown) ?? lookupFailure(pod, volumes);
    if (why !== undefined) ignored[keyOf(pod)] = why;
    return why === undefined;
  });
  return { waiting, ignored };
}

function leftOut(pod: Pod, wellKnown: ReadonlySet<string>): string | undefined {
  if (!isProvisionable(pod)) return "not provisionable";
  if (optsOutOfNodePools(pod)) return `it asks for nodes without the label ${Label.NodePool}`;
  const errors = podErrors(pod, { wellKnown, restrictedDomains: [] });
  return errors.length > 0 ? errors.join("; ") : undefined;
}

/** A volume that cannot be reached from anywhere is no failure to look it up: such a pod is asked about and fails. */
function lookupFailure(pod: Pod, volumes: VolumeBook): string | undefined {
  const needs = volumes.needsOf(pod);
  return "reason" in needs && needs.reason === "VolumeLookupFailed" ? needs.detail : undefined;
}

function keyOf({ metadata }: Pod): string {
  return `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`;
}
