// What pods request, read once per pod object: an object from the API server never changes, a changed pod is another object (S-1003).

import type { Pod } from "../../api/index.ts";
import type { Resources } from "../../units/index.ts";
import { boundPodRequests, podRequests } from "../pod-requests.ts";

const waiting = new WeakMap<Pod, Resources>();
const running = new WeakMap<Pod, Resources>();

/** S-231. */
export function requestsOfRunning(pod: Pod): Resources {
  const before = running.get(pod);
  if (before !== undefined) return before;
  const requests = boundPodRequests(pod);
  running.set(pod, requests);
  return requests;
}

/** Pods of one workload request the same in the same words: those share one object. */
export class RequestReader {
  readonly #byText = new Map<string, Resources>();

  /** QuantityError or RangeError for amounts that cannot be planned with. */
  of(pod: Pod): Resources {
    const before = waiting.get(pod);
    if (before !== undefined) return before;
    const text = requestText(pod);
    const requests = (text === undefined ? undefined : this.#byText.get(text)) ?? podRequests(pod);
    if (text !== undefined) this.#byText.set(text, requests);
    waiting.set(pod, requests);
    return requests;
  }
}

/** Of the ordinary kind of pod: containers only. */
function requestText({ spec }: Pod): string | undefined {
  const { containers, initContainers, overhead, resources } = spec;
  if (initContainers?.length || overhead !== undefined || resources !== undefined) return undefined;
  let text = "";
  for (const container of containers) {
    const requests = container.resources?.requests;
    for (const resource in requests) text += `${resource}=${requests[resource] ?? ""},`;
    text += ";";
  }
  return text;
}
