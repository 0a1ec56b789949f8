// Pods that this process has seen pending, until they are ready (M-20 to M-22).

import type { Pod } from "../../api/index.ts";
import { keyOf, keyText } from "../../kube/index.ts";
import type { Series } from "../../telemetry/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { PodTimes } from "../provisioning/pod-times.ts";
import { createdAt, since } from "./pod-moments.ts";

interface Wait {
  readonly pod: Pod;
  bound: boolean;
  /** What the gauges say now, so that they are only set when it is something else. */
  planned: number | undefined;
  undecided: number | undefined;
}

const GAUGES = [
  "karpenter_pods_unbound_time_seconds",
  "karpenter_pods_unstarted_time_seconds",
  "karpenter_pods_provisioning_unbound_time_seconds",
  "karpenter_pods_provisioning_unstarted_time_seconds",
  "karpenter_pods_provisioning_scheduling_undecided_time_seconds",
] as const;

export class PodWaits {
  readonly #deps: Pick<ControllerDeps, "metrics" | "clock">;
  readonly #times: PodTimes;
  readonly #waits = new Map<string, Wait>();

  constructor(deps: Pick<ControllerDeps, "metrics" | "clock">, times: PodTimes) {
    this.#deps = deps;
    this.#times = times;
  }

  /** Told of every state of every pod, so that none that is pending for a moment only is overlooked. */
  see(pod: Pod): void {
    if (pod.status?.phase !== undefined && pod.status.phase !== "Pending") return;
    const name = keyText(keyOf(pod));
    if (this.#waits.get(name)?.pod.metadata.uid === pod.metadata.uid) return;
    this.#waits.set(name, { pod, bound: false, planned: undefined, undecided: undefined });
  }

  /** What has become of it. */
  update(name: string, pod: Pod | undefined): void {
    const wait = this.#waits.get(name);
    if (!wait) return;
    const gone = pod?.metadata.uid !== wait.pod.metadata.uid;
    if (!pod || gone || pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed") return this.#end(name);
    const bound = since(pod, "PodScheduled");
    if (bound !== undefined && !wait.bound) this.#bound(wait, bound);
    const ready = since(pod, "Ready");
    if (ready === undefined) return this.#show(name, wait);
    this.#observe("karpenter_pods_startup_duration_seconds", ready - createdAt(pod));
    this.#observe("karpenter_pods_provisioning_startup_duration_seconds", ready - this.#plannedAt(wait));
    this.#end(name);
  }

  /** A plan changes what is known of a pod without changing the pod. */
  followPlans(): void {
    for (const [name, wait] of this.#waits) {
      const { uid = "" } = wait.pod.metadata;
      if (wait.planned !== this.#times.plannedAt(uid) || wait.undecided !== this.#times.undecidedSince(uid))
        this.#show(name, wait);
    }
  }

  #bound(wait: Wait, at: number): void {
    wait.bound = true;
    this.#observe("karpenter_pods_bound_duration_seconds", at - createdAt(wait.pod));
    this.#observe("karpenter_pods_provisioning_bound_duration_seconds", at - this.#plannedAt(wait));
  }

  /** NaN when there was no plan with room for it: then there is nothing to measure. */
  #plannedAt({ pod }: Wait): number {
    return this.#times.plannedAt(pod.metadata.uid ?? "") ?? Number.NaN;
  }

  #observe(
    metric:
      | "karpenter_pods_startup_duration_seconds"
      | "karpenter_pods_bound_duration_seconds"
      | "karpenter_pods_provisioning_startup_duration_seconds"
      | "karpenter_pods_provisioning_bound_duration_seconds",
    ms: number,
  ): void {
    if (Number.isNaN(ms)) return;
    // The cluster counts in whole seconds, so a plan may seem to be later than what came of it.
    this.#deps.metrics.observe(metric, {}, Math.max(0, ms) / 1000);
  }

  #show(name: string, wait: Wait): void {
    const { metrics } = this.#deps;
    const { uid = "" } = wait.pod.metadata;
    wait.planned = this.#times.plannedAt(uid);
    wait.undecided = this.#times.undecidedSince(uid);
    const created = createdAt(wait.pod);
    const unbound = wait.bound ? undefined : created;
    metrics.hold("karpenter_pods_unbound_time_seconds", name, this.#since(wait, unbound));
    metrics.hold("karpenter_pods_unstarted_time_seconds", name, this.#since(wait, created));
    const waiting = wait.bound ? undefined : wait.planned;
    metrics.hold("karpenter_pods_provisioning_unbound_time_seconds", name, this.#since(wait, waiting));
    metrics.hold("karpenter_pods_provisioning_unstarted_time_seconds", name, this.#since(wait, wait.planned));
    const undecided = this.#since(wait, wait.bound ? undefined : wait.undecided);
    metrics.hold("karpenter_pods_provisioning_scheduling_undecided_time_seconds", name, undecided);
  }

  #since({ pod }: Wait, moment: number | undefined): readonly Series[] {
    if (moment === undefined || Number.isNaN(moment)) return [];
    const { clock } = this.#deps;
    const { name = "", namespace = "" } = pod.metadata;
    return [{ labels: { name, namespace }, value: () => (clock.now() - moment) / 1000 }];
  }

  #end(name: string): void {
    this.#waits.delete(name);
    for (const gauge of GAUGES) this.#deps.metrics.hold(gauge, name, []);
  }
}
