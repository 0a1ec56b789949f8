// What the pods of one node request and are limited to, those of DaemonSets apart (M-13). A pod that has not changed is not summed up again.

import type { Container, Pod } from "../../api/index.ts";
import { boundPodRequests } from "../../scheduling/index.ts";
import { countableResources } from "../../state/index.ts";
import { addResources, maxResources, QuantityError, type Resources } from "../../units/index.ts";

export interface Amounts {
  readonly requests: Resources;
  readonly limits: Resources;
}

const NOTHING: Amounts = { requests: {}, limits: {} };

export class PodAmounts {
  readonly #known = new WeakMap<Pod, Amounts>();

  of(pods: readonly Pod[]): { readonly all: Amounts; readonly daemons: Amounts } {
    return { all: this.#sum(pods), daemons: this.#sum(pods.filter(isDaemon)) };
  }

  #sum(pods: readonly Pod[]): Amounts {
    if (pods.length === 0) return NOTHING;
    const each = pods.map((pod) => this.#one(pod));
    return {
      requests: addResources(...each.map(({ requests }) => requests)),
      limits: addResources(...each.map(({ limits }) => limits)),
    };
  }

  #one(pod: Pod): Amounts {
    const known = this.#known.get(pod);
    if (known) return known;
    const amounts = { requests: requestsOf(pod), limits: limitsOf(pod) };
    this.#known.set(pod, amounts);
    return amounts;
  }
}

function isDaemon({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") === true;
}

/** An amount that nobody can count with must not hide the whole node. */
function requestsOf(pod: Pod): Resources {
  try {
    return boundPodRequests(pod);
  } catch (error) {
    if (error instanceof RangeError || error instanceof QuantityError) return { pods: 1 };
    throw error;
  }
}

/** Init containers run one after the other, beside the sidecars that were begun before them. */
function limitsOf({ spec }: Pod): Resources {
  let sidecars: Resources = {};
  let peak: Resources = {};
  for (const container of spec.initContainers ?? []) {
    const together = addResources(sidecars, limitOf(container));
    if (container.restartPolicy === "Always") sidecars = together;
    peak = maxResources(peak, together);
  }
  return { ...maxResources(peak, addResources(sidecars, ...spec.containers.map(limitOf))), pods: 1 };
}

function limitOf({ resources }: Container): Resources {
  return countableResources(resources?.limits);
}
