// Puts the parts that handle machines together: one of each, sharing locks, ledgers and the mirror of claims.

import { Nodes } from "@karpenter-multicloud/core/api";
import type { Ports } from "@karpenter-multicloud/core/controllers";

import type { Flavor } from "../catalog/flavor.ts";
import type { FlavorCatalog } from "../catalog/flavors.ts";
import type { Pricing } from "../catalog/pricing.ts";
import type { RegionMemory } from "../catalog/region-memory.ts";
import type { ClusterAccesses } from "../access/cluster-access.ts";
import type { OvhSettings } from "../settings.ts";
import { Adopter } from "./adopter.ts";
import { Binder } from "./binder.ts";
import { BusyPools } from "../pools/busy-pools.ts";
import { ClaimStore } from "../pools/claim-store.ts";
import { ClassViews } from "./class-view.ts";
import { Coalescer } from "../pools/coalescer.ts";
import { Collector } from "./collector.ts";
import { FailureBook } from "../pools/failure-book.ts";
import { Inventories } from "./inventories.ts";
import { KeyedMutex } from "../pools/keyed-mutex.ts";
import { Launcher } from "./launcher.ts";
import { PoolCensus } from "../pools/pool-census.ts";
import { PoolEvents } from "../pools/pool-events.ts";
import { PoolKeeper } from "../pools/pool-keeper.ts";
import { PoolOpener } from "../pools/pool-opener.ts";
import { PoolWriter } from "../pools/pool-writer.ts";
import { RemovalLedger } from "../pools/removal-ledger.ts";
import { Remover } from "./remover.ts";
import { ShardBook } from "../pools/shard-book.ts";
import { Sightings } from "../pools/sightings.ts";

export interface MachineryParts {
  readonly ports: Ports;
  readonly settings: OvhSettings;
  readonly accesses: ClusterAccesses;
  readonly flavors: FlavorCatalog;
  readonly pricing: Pricing;
  readonly regions: RegionMemory;
}

export interface Machinery {
  readonly views: ClassViews;
  readonly launcher: Launcher;
  readonly remover: Remover;
  readonly inventories: Inventories;
  readonly collector: Collector;
  readonly claims: ClaimStore;
  readonly failures: FailureBook;
  readonly events: PoolEvents;
  /** Flavors as last listed. */
  readonly flavors: (kubeId: string) => readonly Flavor[];
}

export function buildMachinery(parts: MachineryParts): Machinery {
  const { ports, settings, accesses, flavors: catalog, pricing, regions } = parts;
  const { clock, cache, unavailable, logger, metrics } = ports;
  const { clusterName } = ports.settings;
  const now = (): number => clock.now();
  const flavors = (kubeId: string): readonly Flavor[] => catalog.known(kubeId)?.flavors ?? [];
  const nodes = cache.informer(Nodes);
  const claims = new ClaimStore(ports.kube, cache, clock);
  const views = new ClassViews({ flavors: catalog, pricing, unavailable, settings, clusterName, cache });
  const locks = new KeyedMutex({
    now,
    waited: (key, ms) => {
      if (key.startsWith("pool/")) metrics.observe("karpenter_ovh_pool_lock_wait_seconds", {}, ms / 1000);
    },
  });
  const shards = new ShardBook(now);
  const sightings = new Sightings(now);
  const ledger = new RemovalLedger(now);
  const busy = new BusyPools(now);
  const events = new PoolEvents(ports.events);
  const failures = new FailureBook(unavailable, now);
  const writer = new PoolWriter(ledger, busy, logger, settings.deleteMode);
  const opener = new PoolOpener(clock, failures, regions);
  const adopter = new Adopter({ claims, views, writer, events, settings, locks });
  const inventories = new Inventories({ clock, accesses, claims, views, settings, adopter });
  const census = new PoolCensus({ clock, metrics, sightings, unavailable });
  const book = { clock, claims, nodes, writer, opener, sightings, flavors, census };
  const keeper: PoolKeeper = new PoolKeeper({
    ...book,
    events,
    failures,
    ledger,
    busy,
    shards,
    maxPools: settings.maxPools,
    makeRoom: (access, owned, signal) => collector.makeRoom(access, owned, signal),
  });
  const collector = new Collector({
    ...book,
    events,
    accesses,
    logger,
    inventories,
    keeper,
    adopter,
    ledger,
    settings,
    locks,
  });
  const shared = { clock, accesses, views, claims, keeper, locks, census };
  const binder = new Binder({ claims, shards, clock, locks });
  return {
    views,
    inventories,
    collector,
    claims,
    failures,
    events,
    flavors,
    launcher: new Launcher({ ...shared, binder, rounds: new Coalescer(clock) }),
    remover: new Remover({
      ...shared,
      writer,
      ledger,
      sightings,
      events,
      settings,
      metrics,
      rounds: new Coalescer(clock),
    }),
  };
}
