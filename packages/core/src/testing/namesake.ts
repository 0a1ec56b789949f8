// What a write may meet: just before it, the object was deleted, and another one of the same name has come.

import type { KubeObject, Resource } from "../api/index.ts";
import { keyOf } from "../kube/index.ts";
import type { ControllerHarness } from "./controller-harness.ts";

export interface Replaced {
  /** The namesake has come. */
  readonly came: boolean;
  /** The patch that was meant for the other one was taken. */
  readonly patched: boolean;
}

/** Before the first patch of an object of this name. */
export function replaceBeforePatch<T extends KubeObject>(
  harness: ControllerHarness,
  resource: Resource<T>,
  namesake: T,
): Replaced {
  const { kube } = harness;
  const seen = { came: false, patched: false };
  kube.faults = async ({ phase, verb, resource: { kind }, key }) => {
    if (verb !== "patch" || kind !== resource.kind || key?.name !== namesake.metadata.name) return;
    const last = kube.faults;
    kube.faults = undefined;
    if (seen.came) {
      seen.patched = phase === "after";
      return;
    }
    await kube.patch(resource, keyOf(namesake), { type: "merge", body: { metadata: { finalizers: null } } });
    await kube.delete(resource, keyOf(namesake));
    await harness.put(resource, namesake);
    seen.came = true;
    kube.faults = last;
  };
  return seen;
}
