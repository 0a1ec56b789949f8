// metrics.node: what each node has, keeps for itself and is asked for (M-13 to M-15). Only nodes that have changed are described anew.

import type { Node, NodeClaim, Pod } from "../../api/index.ts";
import { wellKnownLabelsOf } from "../../provider/index.ts";
import { singletonController, type Controller } from "../../runtime/index.ts";
import { countableResources, type StateNode } from "../../state/index.ts";
import { NODE_OBJECT_METRICS, resourceType, resourceValue, shortLabelName } from "../../telemetry/index.ts";
import type { MetricLabels, Series } from "../../telemetry/index.ts";
import { addResources, seconds, subtractResources, type Duration, type Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { PodAmounts } from "./pod-amounts.ts";

const EVERY: Duration = seconds(5);
/** After so many nodes others have their turn. */
const AT_ONCE = 50;
const OWN_LABELS: ReadonlySet<string> = new Set(["node_name", "phase", "managed", "resource_type"]);

export function nodeMetricsController(deps: ControllerDeps): Controller {
  const metrics = new NodeMetrics(deps);
  return singletonController({
    name: "metrics.node",
    async run() {
      await metrics.refresh();
      return { requeueAfter: EVERY };
    },
  });
}

interface Shown {
  readonly node: Node;
  readonly nodeClaim: NodeClaim | undefined;
  readonly pods: readonly Pod[];
  readonly allocatable: Resources;
  readonly requests: Resources;
}

class NodeMetrics {
  readonly #deps: ControllerDeps;
  readonly #amounts = new PodAmounts();
  readonly #labelOf: ReadonlyMap<string, string>;
  readonly #shown = new Map<string, Shown>();

  constructor(deps: ControllerDeps) {
    this.#deps = deps;
    this.#labelOf = labelNames(wellKnownLabelsOf(deps.provider.settings()));
    const more = [...new Set(this.#labelOf.values())];
    for (const metric of NODE_OBJECT_METRICS) {
      deps.metrics.declare({ ...metric, labels: [...metric.labels, ...more] });
    }
  }

  async refresh(): Promise<void> {
    const nodes = this.#deps.state.nodes().filter(hasNode);
    const there = new Set(nodes.map(({ name }) => name));
    for (const name of this.#shown.keys()) if (!there.has(name)) this.#forget(name);
    let described = 0;
    for (const node of nodes) {
      if (!hasChanged(this.#shown.get(node.name), node)) continue;
      this.#describe(node);
      if (++described % AT_ONCE === 0) await this.#deps.giveWay?.();
    }
    this.#showUtilization();
  }

  #describe(node: StateNode & { readonly node: Node }): void {
    const { status } = node.node;
    const { all, daemons } = this.#amounts.of(node.pods);
    const allocatable = countableResources(status?.allocatable);
    const labels = this.#labels(node);
    this.#hold("karpenter_nodes_allocatable", node.name, labels, allocatable);
    this.#hold("karpenter_nodes_total_pod_requests", node.name, labels, all.requests);
    this.#hold("karpenter_nodes_total_pod_limits", node.name, labels, all.limits);
    this.#hold("karpenter_nodes_total_daemon_requests", node.name, labels, daemons.requests);
    this.#hold("karpenter_nodes_total_daemon_limits", node.name, labels, daemons.limits);
    const overhead = subtractResources(countableResources(status?.capacity), allocatable);
    this.#hold("karpenter_nodes_system_overhead", node.name, labels, overhead);
    const { clock, metrics } = this.#deps;
    const created = Date.parse(node.node.metadata.creationTimestamp ?? "");
    const age = { labels, value: () => (clock.now() - created) / 1000 };
    metrics.hold("karpenter_nodes_current_lifetime_seconds", node.name, Number.isNaN(created) ? [] : [age]);
    const { nodeClaim, pods } = node;
    this.#shown.set(node.name, { node: node.node, nodeClaim, pods, allocatable, requests: all.requests });
  }

  #forget(name: string): void {
    this.#shown.delete(name);
    for (const metric of NODE_OBJECT_METRICS) this.#deps.metrics.hold(metric.name as PerNode, name, []);
  }

  #hold(metric: PerNode, name: string, labels: MetricLabels, resources: Resources): void {
    this.#deps.metrics.hold(metric, name, seriesOf(labels, resources));
  }

  #labels({ name, node, managed }: StateNode): MetricLabels {
    const labels: Record<string, string> = {
      node_name: name,
      phase: node?.status?.phase ?? "",
      managed: String(managed),
    };
    for (const [key, label] of this.#labelOf) labels[label] ||= node?.metadata.labels?.[key] ?? "";
    return labels;
  }

  #showUtilization(): void {
    const shown = [...this.#shown.values()];
    const have = addResources(...shown.map(({ allocatable }) => allocatable));
    const asked = addResources(...shown.map(({ requests }) => requests));
    const series = Object.entries(have).flatMap(([resource, amount]) => {
      if (amount === 0) return [];
      return [{ labels: { resource_type: resourceType(resource) }, value: (100 * (asked[resource] ?? 0)) / amount }];
    });
    this.#deps.metrics.hold("karpenter_cluster_utilization_percent", "cluster", series);
  }
}

type PerNode =
  | "karpenter_nodes_allocatable"
  | "karpenter_nodes_total_pod_requests"
  | "karpenter_nodes_total_pod_limits"
  | "karpenter_nodes_total_daemon_requests"
  | "karpenter_nodes_total_daemon_limits"
  | "karpenter_nodes_system_overhead";

/** Two keys may come to the same name; one that a metric needs for itself is left out. */
function labelNames(keys: ReadonlySet<string>): ReadonlyMap<string, string> {
  const names = [...keys].filter((key) => key.includes("/")).map((key) => [key, shortLabelName(key)] as const);
  return new Map(names.filter(([, name]) => !OWN_LABELS.has(name)));
}

function seriesOf(labels: MetricLabels, resources: Resources): readonly Series[] {
  return Object.entries(resources).map(([resource, amount]) => ({
    labels: { ...labels, resource_type: resourceType(resource) },
    value: resourceValue(resource, amount),
  }));
}

function hasNode(node: StateNode): node is StateNode & { readonly node: Node } {
  return node.node !== undefined;
}

/** Objects of the mirror never change: a changed one is another. */
function hasChanged(before: Shown | undefined, now: StateNode): boolean {
  if (before === undefined || before.node !== now.node || before.nodeClaim !== now.nodeClaim) return true;
  return before.pods.length !== now.pods.length || before.pods.some((pod, index) => pod !== now.pods[index]);
}
