// metrics.pod: where each pod is and how it is (M-19), and how long it took or takes to get there (M-20 to M-22).

import { Label, Nodes, Pods, type Node, type Pod } from "../../api/index.ts";
import { keyOf, keyText, type Informer, type ObjectKey } from "../../kube/index.ts";
import { singletonController, type Controller } from "../../runtime/index.ts";
import { POD_BY_NODE } from "../../state/index.ts";
import { seconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { PodTimes } from "../provisioning/pod-times.ts";
import { describePod, NODE_LABELS } from "./describe-pod.ts";
import { PodWaits } from "./pod-waits.ts";

const EVERY: Duration = seconds(5);
/** After so many pods others have their turn. */
const AT_ONCE = 500;

export function podMetricsController(deps: ControllerDeps): Controller {
  const metrics = new PodMetrics(deps, deps.podTimes ?? new PodTimes(deps));
  return singletonController({
    name: "metrics.pod",
    async run() {
      await metrics.refresh();
      return { requeueAfter: EVERY };
    },
  });
}

/** A change of a pod only marks it; whatever has happened to it meanwhile is worked off at once. */
class PodMetrics {
  readonly #deps: ControllerDeps;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #waits: PodWaits;
  readonly #changed = new Map<string, ObjectKey>();

  constructor(deps: ControllerDeps, times: PodTimes) {
    this.#deps = deps;
    this.#pods = deps.cache.informer(Pods, {
      [POD_BY_NODE]: (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []),
    });
    this.#nodes = deps.cache.informer(Nodes);
    this.#waits = new PodWaits(deps, times);
    this.#pods.onChange(({ before, after }) => {
      const pod = after ?? before;
      if (pod) this.#mark(pod);
      if (after) this.#waits.see(after);
    });
    this.#nodes.onChange(({ before, after }) => {
      if (labelsDiffer(before, after)) this.#markPodsOf((after ?? before)?.metadata.name ?? "");
    });
  }

  async refresh(): Promise<void> {
    let described = 0;
    const changed = [...this.#changed.values()];
    this.#changed.clear();
    for (const key of changed) {
      const pod = this.#pods.get(key);
      const node = pod?.spec.nodeName ? this.#nodes.get({ name: pod.spec.nodeName }) : undefined;
      const name = keyText(key);
      this.#deps.metrics.hold("karpenter_pods_state", name, pod ? [describePod(pod, node)] : []);
      this.#waits.update(name, pod);
      if (++described % AT_ONCE === 0) await this.#deps.giveWay?.();
    }
    this.#waits.followPlans();
  }

  #mark(pod: Pod): void {
    const key = keyOf(pod);
    this.#changed.set(keyText(key), key);
  }

  #markPodsOf(node: string): void {
    for (const pod of this.#pods.byIndex(POD_BY_NODE, node)) this.#mark(pod);
  }
}

/** Most changes of a Node are heartbeats, which no pod's series tells of. */
function labelsDiffer(before: Node | undefined, after: Node | undefined): boolean {
  return [...NODE_LABELS.values(), Label.NodePool].some(
    (key) => before?.metadata.labels?.[key] !== after?.metadata.labels?.[key],
  );
}
