// What a plan made of the pods of each CapacityBuffer (CB-4).

import type { Pod } from "../../api/index.ts";
import { ObserveOnly } from "../../runtime/index.ts";
import type { Solution } from "../../scheduling/index.ts";
import type { ClusterState } from "../../state/index.ts";
import type { BufferOutcome, SparePods } from "../buffer-store.ts";
import type { CreatedClaim } from "./create-claims.ts";

export interface PlanMade {
  readonly solution: Solution;
  readonly created: readonly CreatedClaim[];
  readonly state: Pick<ClusterState, "nodeByName">;
}

/** Where one pod was placed, or why it was not. */
type Fate = { readonly places: readonly string[]; readonly isReady: boolean } | { readonly why: string };

/** By buffer. */
export function bufferOutcomes(spare: SparePods, plan: PlanMade): ReadonlyMap<string, BufferOutcome> {
  const fates = fatesOf(plan);
  return new Map(
    [...spare.byBuffer].map(([key, pods]) => [key, outcomeOf(pods.map((pod) => fates.get(uidOf(pod)) ?? UNTOLD))]),
  );
}

const UNTOLD: Fate = { why: "its pods want no node of a NodePool" };

function outcomeOf(fates: readonly Fate[]): BufferOutcome {
  const placed = fates.filter((fate) => "places" in fate);
  const left = fates.filter((fate) => "why" in fate);
  const ready = placed.filter(({ isReady }) => isReady).length;
  const [first] = left;
  return {
    ready,
    starting: placed.length - ready,
    waiting: left.length,
    ...(first && { why: first.why }),
    places: new Set(placed.flatMap(({ places }) => places)),
  };
}

function fatesOf({ solution, created, state }: PlanMade): ReadonlyMap<string, Fate> {
  const fates = new Map<string, Fate>();
  const all = (pods: readonly Pod[], fate: Fate): void => {
    for (const pod of pods) fates.set(uidOf(pod), fate);
  };
  for (const { node, pods } of solution.existing) {
    const known = state.nodeByName(node);
    const claim = known?.nodeClaim?.metadata.name;
    const places = claim === undefined ? [node] : [node, claim];
    all(pods, { places, isReady: known?.initialized === true });
  }
  for (const { planned, nodeClaim, refused, failed } of created) {
    const name = nodeClaim?.metadata.name;
    if (name !== undefined) all(planned.pods, { places: [name], isReady: false });
    else all(planned.pods, { why: refused?.detail ?? whyNot(failed) });
  }
  all(solution.deferred, { why: "it waits until reserved capacity is free" });
  for (const { pod, summary } of solution.failures) fates.set(pod.uid, { why: summary });
  return fates;
}

function whyNot(failed: unknown): string {
  return failed instanceof ObserveOnly ? "observe mode, nothing is bought" : "its NodeClaim could not be created";
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? "";
}
