// Everything behind the fake's HTTP surface, and how it starts afresh.

import { FaultList, Ledger, RequestLog, SeededRandom, Timers } from "@karpenter-multicloud/core/testing/fake-cloud";
import { durationsFor } from "./durations.ts";
import type { FakeFault } from "./faults.ts";
import { ScalewayInvariants } from "./invariants.ts";
import { Keyring } from "./keyring.ts";
import type { BackendSeed } from "./options.ts";
import { seedImages } from "./seed/images.ts";
import { SEED_TYPES } from "./seed/server-types.ts";
import { DEFAULT_SWITCHES } from "./switches.ts";
import type { Switches } from "./switches.ts";
import { ClusterSide } from "./world/cluster-side.ts";
import type { Ground } from "./world/ground.ts";
import { KapsuleShelf } from "./world/kapsule.ts";
import { ServerLife } from "./world/server-life.ts";

/** The things of one life of the fake; a reset makes new ones. */
interface World {
  readonly ground: Ground;
  readonly life: ServerLife;
  readonly side: ClusterSide;
  readonly kapsule: KapsuleShelf;
}

export class Backend {
  readonly seed: BackendSeed;
  /** Changed in place, also by a reset. */
  readonly switches: Switches;
  readonly log: RequestLog;
  readonly invariants: ScalewayInvariants;
  faults: FaultList<FakeFault>;
  keyring: Keyring;
  world: World;

  constructor(seed: BackendSeed) {
    this.seed = seed;
    this.switches = { ...DEFAULT_SWITCHES, ...seed.switches };
    this.log = new RequestLog();
    this.invariants = new ScalewayInvariants(() => seed.clock.now());
    const random = new SeededRandom(seed.seed);
    this.faults = this.#newFaults(random);
    this.keyring = new Keyring(seed.keys);
    this.world = this.#newWorld(random);
  }

  setFaults(faults: readonly FakeFault[]): void {
    this.faults.set(faults);
  }

  reset(): void {
    this.stop();
    Object.assign(this.switches, DEFAULT_SWITCHES, this.seed.switches);
    this.log.clear();
    this.invariants.clear();
    const random = new SeededRandom(this.seed.seed);
    this.faults = this.#newFaults(random);
    this.keyring = new Keyring(this.seed.keys);
    this.world = this.#newWorld(random);
  }

  stop(): void {
    this.world.ground.timers.cancelAll();
  }

  #newFaults(random: SeededRandom): FaultList<FakeFault> {
    const faults = new FaultList<FakeFault>(random);
    faults.set(this.seed.faults);
    return faults;
  }

  #newWorld(random: SeededRandom): World {
    const { clock, hooks, cluster, speed, extraTypes, stock, quotas, organizationId, projectId } = this.seed;
    const types = [...SEED_TYPES.filter(({ name }) => !extraTypes.some((extra) => extra.name === name)), ...extraTypes];
    const zones = [...new Set(types.flatMap((type) => type.zones.map(({ zone }) => zone)))].toSorted();
    const ground: Ground = {
      clock,
      timers: new Timers(clock),
      hooks,
      cluster,
      durations: durationsFor(speed),
      switches: this.switches,
      random,
      faults: this.faults,
      invariants: this.invariants,
      ledger: new Ledger(),
      organizationId,
      projectId,
      zones,
      types: new Map(types.map((type) => [type.name, type])),
      availability: new Map(),
      stock: new Map(Object.entries(stock)),
      quotas: new Map(Object.entries(quotas)),
      images: seedImages(types, zones, random, clock.now()),
      servers: new Map(),
      blockVolumes: new Map(),
      localVolumes: new Map(),
      ips: new Map(),
      nics: new Map(),
      securityGroups: new Map(),
      placementGroups: new Map(),
      privateNetworks: new Map(),
      ipamIps: new Map(),
      deleted: [],
    };
    const side = new ClusterSide(ground);
    return { ground, side, life: new ServerLife(ground, side), kapsule: new KapsuleShelf(ground) };
  }
}
