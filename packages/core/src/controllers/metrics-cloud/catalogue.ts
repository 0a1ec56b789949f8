// What the cloud sells, as it was last seen by anyone who asked: shown as metrics (M-32), and read by whoever looks at prices.

import { Label, NodePools, type NodePool } from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";
import type { CloudProvider, InstanceType, InstanceTypes, Offering } from "../../provider/index.ts";
import type { Clock } from "../../runtime/index.ts";
import { resourceValue, type Logger, type Metrics, type Series } from "../../telemetry/index.ts";
import { measuredProvider } from "./measured-provider.ts";
import { inOneCurrency } from "./one-currency.ts";
import { withoutZeroPrices } from "./priced.ts";

interface Parts {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

/** Named in one log line; the others are counted. */
const MOST_NAMED = 3;

interface Listing {
  /** As the provider answered it, to tell whether it is another. */
  readonly given: InstanceTypes;
  readonly types: InstanceTypes;
  readonly at: number;
}

export class Catalogue {
  readonly #parts: Parts;
  readonly #listings = new Map<string, Listing>();
  #shown: ReadonlyMap<string, InstanceType> = new Map();
  /** By pool name: the offerings in another currency that were told. */
  readonly #foreign = new Map<string, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
    // Declares the watch: pools that are gone take their lists with them.
    parts.cache.informer(NodePools);
  }

  /** The provider as one controller sees it. */
  seenThrough(provider: CloudProvider, controller: string): CloudProvider {
    const { metrics, clock } = this.#parts;
    return measuredProvider(provider, { metrics, clock, controller, listed: (pool, types) => this.#see(pool, types) });
  }

  /** The last list for a pool that is not older than this. */
  listing(nodePool: string, newerThan: number): readonly InstanceType[] | undefined {
    const known = this.#listings.get(nodePool);
    return known !== undefined && known.at > newerThan ? known.types.items : undefined;
  }

  #see(pool: NodePool, given: InstanceTypes): InstanceTypes {
    const name = pool.metadata.name ?? "";
    const at = this.#parts.clock.now();
    const known = this.#listings.get(name);
    if (known?.given.items === given.items && known.given.version === given.version) {
      this.#listings.set(name, { ...known, at });
      return known.types;
    }
    const types = this.#inOneCurrency(name, withoutZeroPrices(given));
    this.#listings.set(name, { given, types, at });
    const isAnother = known?.given.version !== given.version;
    if (isAnother) this.#show();
    return types;
  }

  #inOneCurrency(pool: string, all: InstanceTypes): InstanceTypes {
    const { types, currency, foreign } = inOneCurrency(all);
    const text = foreign.join("; ");
    if (text !== "" && this.#foreign.get(pool) !== text) {
      this.#parts.logger.warn("prices in another currency than the first of the nodepool count as missing", {
        NodePool: pool,
        currency,
        offerings: foreign.slice(0, MOST_NAMED),
        count: foreign.length,
      });
    }
    this.#foreign.set(pool, text);
    return types;
  }

  /** Two pools may sell the same type; the first by name speaks for it. */
  #show(): void {
    const pools = this.#parts.cache.informer(NodePools);
    const types = new Map<string, InstanceType>();
    for (const name of [...this.#listings.keys()].toSorted()) {
      if (!pools.get({ name }) && pools.hasSynced) this.#forget(name);
      for (const type of this.#listings.get(name)?.types.items ?? []) {
        if (!types.has(type.name)) types.set(type.name, type);
      }
    }
    for (const name of this.#shown.keys()) if (!types.has(name)) this.#hold(name, undefined);
    // A type never changes: a changed one is another.
    for (const [name, type] of types) if (this.#shown.get(name) !== type) this.#hold(name, type);
    this.#shown = types;
  }

  #forget(pool: string): void {
    this.#listings.delete(pool);
    this.#foreign.delete(pool);
  }

  #hold(name: string, type: InstanceType | undefined): void {
    const { metrics } = this.#parts;
    const labels = { instance_type: name };
    const size = (resource: string): readonly Series[] =>
      type ? [{ labels, value: resourceValue(resource, type.capacity[resource] ?? 0) }] : [];
    metrics.hold("karpenter_cloudprovider_instance_type_cpu_cores", name, size("cpu"));
    metrics.hold("karpenter_cloudprovider_instance_type_memory_bytes", name, size("memory"));
    const places = placesOf(type?.offerings ?? []);
    const prices = places.flatMap(({ place, price }) =>
      price === undefined ? [] : [{ labels: { ...labels, ...place }, value: price }],
    );
    const availability = places.map(({ place, available }) => ({
      labels: { ...labels, ...place },
      value: Number(available),
    }));
    metrics.hold("karpenter_cloudprovider_instance_type_offering_price_estimate", name, prices);
    metrics.hold("karpenter_cloudprovider_instance_type_offering_available", name, availability);
  }
}

interface Place {
  readonly place: { readonly capacity_type: string; readonly zone: string };
  readonly price: number | undefined;
  readonly available: boolean;
}

/** Offerings that only a reservation tells apart are one: as cheap as the cheapest, there when one of them is. */
function placesOf(offerings: readonly Offering[]): readonly Place[] {
  const places = new Map<string, Place>();
  for (const { requirements, price, availability } of offerings) {
    const zone = requirements.get(Label.Zone).single() ?? "";
    const capacity_type = requirements.get(Label.CapacityType).single() ?? "";
    const key = `${capacity_type}/${zone}`;
    const known = places.get(key);
    const prices = [known?.price, price?.amount].filter((amount) => amount !== undefined);
    places.set(key, {
      place: { capacity_type, zone },
      price: prices.length === 0 ? undefined : Math.min(...prices),
      available: (known?.available ?? false) || availability.available,
    });
  }
  return [...places.values()];
}
