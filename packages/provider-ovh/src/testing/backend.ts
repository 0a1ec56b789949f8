// Everything behind the fake's HTTP surface, and how it starts afresh.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import {
  RequestLog,
  SeededRandom,
  Timers,
  wallMs,
  type FaultList,
} from "@karpenter-multicloud/core/testing/fake-cloud";
import { durationsFor } from "./durations.ts";
import type { Durations, Speed } from "./durations.ts";
import type { FakeFault } from "./faults.ts";
import { newFaultList } from "./faults.ts";
import { OvhInvariants } from "./invariants.ts";
import type { SeedCredential, SeedOAuthClient } from "./keyring.ts";
import { Keyring } from "./keyring.ts";
import type { PostWatch } from "./post-watch.ts";
import { newPostWatch } from "./post-watch.ts";
import type { SeedFlavor } from "./seed/flavors.ts";
import { SEED_FLAVORS } from "./seed/flavors.ts";
import { SEED_REGIONS } from "./seed/regions.ts";
import type { Switches } from "./switches.ts";
import { DEFAULT_SWITCHES } from "./switches.ts";
import type { Cluster, Plan } from "./world/cluster.ts";
import type { Quotas } from "./world/ground.ts";
import { Ledger } from "@karpenter-multicloud/core/testing/fake-cloud";
import { World } from "./world/world.ts";

export interface SeedCluster {
  readonly kubeId: string;
  readonly serviceName?: string;
  readonly name?: string;
  readonly region?: string;
  readonly plan?: Plan;
  readonly version?: string;
  /** Host of its API server. */
  readonly url?: string;
}

/** What the fake starts with, and goes back to on a reset. */
export interface BackendSeed {
  readonly clock: Clock;
  readonly hooks?: MachineHooks;
  readonly seed: number;
  readonly speed: Speed;
  readonly clusters: readonly Required<SeedCluster>[];
  readonly credentials: readonly SeedCredential[];
  readonly oauthClients: readonly SeedOAuthClient[];
  readonly openstackTokens: readonly string[];
  readonly extraFlavors: readonly SeedFlavor[];
  readonly quotas: Quotas;
  readonly capacity: Readonly<Record<string, number>>;
  readonly switches: Partial<Switches>;
  readonly faults: readonly FakeFault[];
  readonly publicUrl?: string;
}

export class Backend {
  readonly seed: BackendSeed;
  readonly durations: Durations;
  /** Changed in place, also by a reset. */
  readonly switches: Switches;
  readonly log: RequestLog;
  readonly invariants: OvhInvariants;
  faults: FaultList<FakeFault>;
  keyring: Keyring;
  world: World;
  posts: PostWatch;

  constructor(seed: BackendSeed) {
    this.seed = seed;
    this.durations = durationsFor(seed.speed);
    this.switches = { ...DEFAULT_SWITCHES, ...seed.switches };
    this.log = new RequestLog();
    this.invariants = new OvhInvariants(() => seed.clock.now());
    const random = new SeededRandom(seed.seed);
    this.faults = this.#newFaults(random);
    this.keyring = this.#newKeyring(random);
    this.world = this.#newWorld(random);
    this.posts = newPostWatch();
  }

  setFaults(faults: readonly FakeFault[]): void {
    this.faults.set(faults);
    this.world.faultsChanged();
  }

  reset(): void {
    this.stop();
    Object.assign(this.switches, DEFAULT_SWITCHES, this.seed.switches);
    this.log.clear();
    this.invariants.clear();
    const random = new SeededRandom(this.seed.seed);
    this.faults = this.#newFaults(random);
    this.keyring = this.#newKeyring(random);
    this.world = this.#newWorld(random);
    this.posts = newPostWatch();
  }

  stop(): void {
    this.world.ground.timers.cancelAll();
  }

  #newFaults(random: SeededRandom): FaultList<FakeFault> {
    const faults = newFaultList(random);
    faults.set(this.seed.faults);
    return faults;
  }

  #newKeyring(random: SeededRandom): Keyring {
    const keyring = new Keyring(random, this.seed.openstackTokens);
    for (const credential of this.seed.credentials) keyring.add(credential, wallMs());
    for (const client of this.seed.oauthClients) keyring.clients.set(client.clientId, client);
    return keyring;
  }

  #newWorld(random: SeededRandom): World {
    const { clock, hooks, clusters, quotas, capacity, extraFlavors } = this.seed;
    return new World({
      clock,
      hooks,
      timers: new Timers(clock),
      durations: this.durations,
      switches: this.switches,
      random,
      faults: this.faults,
      invariants: this.invariants,
      ledger: new Ledger(),
      clusters: new Map(clusters.map((cluster) => [cluster.kubeId, newCluster(cluster, clock.now())])),
      flavors: new Map([...SEED_FLAVORS, ...extraFlavors].map((flavor) => [flavor.name, flavor])),
      unavailableFlavors: new Set(),
      stock: new Map(Object.entries(capacity)),
      prices: new Map(),
      quotas,
    });
  }
}

function newCluster(seed: Required<SeedCluster>, now: number): Cluster {
  const place = SEED_REGIONS.find(({ name }) => name === seed.region);
  if (place === undefined) throw new RangeError(`region ${seed.region} is not known to the fake`);
  return {
    id: seed.kubeId,
    serviceName: seed.serviceName,
    name: seed.name,
    region: seed.region,
    place,
    plan: seed.plan,
    url: seed.url,
    createdAt: now,
    updatedAt: now,
    version: seed.version,
    status: "READY",
    pools: new Map(),
  };
}
