// Says once an hour which pending pods have wishes that are planned for like demands and so keep nodes apart for ever (S-609).

import type { Pod } from "../../api/index.ts";
import { isBufferPod } from "../../scheduling/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import { minutes, type Duration } from "../../units/index.ts";
import { podNames } from "./pod-names.ts";

const AGAIN: Duration = minutes(60);
const NAMED = 10;

type Wish = "anti-affinity" | "topology spread constraint";

export class HamperingWishes {
  /** When it was last said, by wish and UID. */
  readonly #said = new Map<string, number>();

  tell(logger: Logger, pods: readonly Pod[], now: number): void {
    for (const [key, at] of this.#said) if (now - at >= AGAIN) this.#said.delete(key);
    const pending = pods.filter((pod) => !pod.spec.nodeName && !isBufferPod(pod));
    this.#tell(logger, "anti-affinity", pending.filter(prefersDistance), now);
    this.#tell(logger, "topology spread constraint", pending.filter(prefersSpread), now);
  }

  #tell(logger: Logger, wish: Wish, pods: readonly Pod[], now: number): void {
    const keyOf = ({ metadata }: Pod) => `${wish} ${metadata.uid ?? ""}`;
    const unsaid = pods.filter((pod) => !this.#said.has(keyOf(pod)));
    if (unsaid.length === 0) return;
    for (const pod of unsaid) this.#said.set(keyOf(pod), now);
    logger.info(`pod(s) have a preferred ${wish} which can prevent consolidation`, { pods: podNames(unsaid, NAMED) });
  }
}

function prefersDistance({ spec }: Pod): boolean {
  return (spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
}

function prefersSpread({ spec }: Pod): boolean {
  return (spec.topologySpreadConstraints ?? []).some(({ whenUnsatisfiable }) => whenUnsatisfiable === "ScheduleAnyway");
}
