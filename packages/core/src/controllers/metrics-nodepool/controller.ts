// metrics.nodepool: what each NodePool uses, may use and costs, and which prices nobody knows (M-16 to M-18, users-want 10 and 26).

import type { NodePool } from "../../api/index.ts";
import { clusterCost, type CostedNode } from "../../pricing/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { singletonController, type Controller } from "../../runtime/index.ts";
import { countableResources } from "../../state/index.ts";
import { resourceType, resourceValue, type Series } from "../../telemetry/index.ts";
import { minutes, seconds, type Duration, type Resources } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { managedPools } from "../managed-pools.ts";
import type { Catalogue } from "../metrics-cloud/catalogue.ts";
import { nodesWithoutPrice, offeringsWithoutPrice } from "./missing-prices.ts";
import { PriceAlarm } from "./price-alarm.ts";

const EVERY: Duration = seconds(10);
/** A list that somebody has asked for lately is good enough: this must not be what a cloud is asked for every time. */
const LIST_AGE: Duration = minutes(5);
const AFTER_FAILURE: Duration = minutes(1);

const PER_POOL = [
  "karpenter_nodepools_usage",
  "karpenter_nodepools_limit",
  "karpenter_nodepools_cost_total",
  "kmc_unpriced_nodes",
  "kmc_unpriced_offerings",
] as const;

export function nodePoolMetricsController(deps: ControllerDeps, catalogue: Catalogue): Controller {
  const look = new Look(deps, catalogue);
  let begun = false;
  return singletonController({
    name: "metrics.nodepool",
    async run({ signal }) {
      // Later there is always some machine on its way, which is no reason to say nothing of the others.
      begun ||= deps.state.unsynced().length === 0;
      if (!begun) return { requeueAfter: seconds(1) };
      const managed = managedPools(deps);
      look.keepOnly(managed);
      for (const pool of managed) await look.at(pool, signal);
      return { requeueAfter: EVERY };
    },
  });
}

class Look {
  readonly #deps: ControllerDeps;
  readonly #catalogue: Catalogue;
  readonly #alarm: PriceAlarm;
  /** By pool, from when on the cloud may be asked again. */
  readonly #notBefore = new Map<string, number>();
  #shown: ReadonlySet<string> = new Set();

  constructor(deps: ControllerDeps, catalogue: Catalogue) {
    this.#deps = deps;
    this.#catalogue = catalogue;
    this.#alarm = new PriceAlarm(deps);
  }

  keepOnly(pools: readonly NodePool[]): void {
    const there = new Set(pools.map(nameOf));
    for (const name of this.#shown) {
      if (there.has(name)) continue;
      for (const metric of PER_POOL) this.#deps.metrics.hold(metric, name, []);
      this.#notBefore.delete(name);
    }
    this.#shown = there;
    this.#alarm.keepOnly(pools);
  }

  async at(pool: NodePool, signal: AbortSignal): Promise<void> {
    const { metrics, settings } = this.#deps;
    if (!settings.disableClusterStateObservability) {
      const { status, spec } = pool;
      metrics.hold("karpenter_nodepools_usage", nameOf(pool), amounts(pool, countableResources(status?.resources)));
      metrics.hold("karpenter_nodepools_limit", nameOf(pool), amounts(pool, countableResources(spec.limits)));
    }
    const types = await this.#types(pool, signal);
    if (types === undefined) return;
    this.#showPrices(pool, types);
  }

  /** Undefined: not known yet, or no longer. */
  async #types(pool: NodePool, signal: AbortSignal): Promise<readonly InstanceType[] | undefined> {
    const { overlays } = this.#deps;
    const listed = this.#catalogue.listing(nameOf(pool), this.#deps.clock.now() - LIST_AGE);
    const types = listed ?? (await this.#ask(pool, signal));
    return types && overlays ? overlays.current?.instanceTypes(pool, types) : types;
  }

  async #ask(pool: NodePool, signal: AbortSignal): Promise<readonly InstanceType[] | undefined> {
    const { clock, logger, metrics, provider } = this.#deps;
    const isReady = pool.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
    if (!isReady || clock.now() < (this.#notBefore.get(nameOf(pool)) ?? 0)) return undefined;
    try {
      return (await provider.getInstanceTypes(pool, { signal })).items;
    } catch (error) {
      this.#notBefore.set(nameOf(pool), clock.now() + AFTER_FAILURE);
      metrics.count("karpenter_nodepools_cost_tracker_errors_total", { nodepool: nameOf(pool) });
      logger.debug("prices cannot be listed, the last known ones stay", { NodePool: nameOf(pool), error });
      return undefined;
    }
  }

  #showPrices(pool: NodePool, types: readonly InstanceType[]): void {
    const { metrics } = this.#deps;
    const nodepool = nameOf(pool);
    const nodes = this.#nodesOf(nodepool);
    const offerings = offeringsWithoutPrice(types);
    const unpriced = nodesWithoutPrice(nodes, types);
    const { totals } = clusterCost(nodes, new Map([[nodepool, types]]));
    // What a pool buys has one currency.
    const [sum] = totals;
    const cost = nodes.length === 0 ? 0 : sum?.amount;
    metrics.hold("karpenter_nodepools_cost_total", nodepool, gauge(nodepool, cost));
    metrics.hold("kmc_unpriced_nodes", nodepool, gauge(nodepool, unpriced.length));
    metrics.hold("kmc_unpriced_offerings", nodepool, gauge(nodepool, offerings.length));
    if (unpriced.length > 0) metrics.count("karpenter_nodepools_cost_tracker_errors_total", { nodepool });
    this.#alarm.offerings(
      pool,
      offerings,
      types.reduce((count, type) => count + type.offerings.length, 0),
    );
    this.#alarm.nodes(pool, unpriced);
  }

  /** What the claim says was bought counts more than what somebody has labelled the Node with (KH#54). */
  #nodesOf(nodepool: string): readonly CostedNode[] {
    return this.#deps.state.nodes().flatMap((node) => {
      if (node.nodePool !== nodepool || node.nodeClaim === undefined || node.providerID === "") return [];
      const labels = { ...node.labels, ...node.nodeClaim.metadata.labels };
      return [{ name: node.name, nodePool: nodepool, labels }];
    });
  }
}

function amounts(pool: NodePool, resources: Resources): readonly Series[] {
  return Object.entries(resources).map(([resource, amount]) => ({
    labels: { nodepool: nameOf(pool), resource_type: resourceType(resource) },
    value: resourceValue(resource, amount),
  }));
}

function gauge(nodepool: string, value: number | undefined): readonly Series[] {
  return value === undefined ? [] : [{ labels: { nodepool }, value }];
}

function nameOf({ metadata }: NodePool): string {
  return metadata.name ?? "";
}
