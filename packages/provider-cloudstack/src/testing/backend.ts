// Everything behind the fake's HTTP surface, and how it starts afresh.

import { FaultList, Ledger, RequestLog, SeededRandom, Timers } from "@karpenter-multicloud/core/testing/fake-cloud";
import { usersOf, type SeedUser } from "./auth.ts";
import { durationsFor } from "./durations.ts";
import type { FakeFault } from "./faults.ts";
import { CloudStackInvariants } from "./invariants.ts";
import type { BackendSeed } from "./options.ts";
import { SEED_AFFINITY_GROUPS, SEED_KEY_PAIRS, SEED_SECURITY_GROUPS } from "./seed/groups-and-tariffs.ts";
import { SEED_DISK_OFFERINGS } from "./seed/disk-offerings.ts";
import { SEED_HOSTS } from "./seed/hosts.ts";
import { SEED_ACCOUNTS, SEED_LIMITS } from "./seed/identities.ts";
import { SEED_NETWORKS } from "./seed/networks.ts";
import { SEED_SERVICE_OFFERINGS } from "./seed/service-offerings.ts";
import { SEED_TEMPLATES } from "./seed/templates.ts";
import { SEED_ZONES } from "./seed/zones.ts";
import { DEFAULT_SWITCHES } from "./switches.ts";
import type { Switches } from "./switches.ts";
import { ClusterSide } from "./world/cluster-side.ts";
import type { Ground } from "./world/ground.ts";
import { Jobs } from "./world/jobs.ts";
import { MachineLife } from "./world/machine-life.ts";
import type { Row } from "./world/records.ts";

/** The things of one life of the fake; a reset makes new ones. */
export interface World {
  readonly ground: Ground;
  readonly jobs: Jobs;
  readonly life: MachineLife;
}

export class Backend {
  readonly seed: BackendSeed;
  /** Changed in place, also by a reset. */
  readonly switches: Switches;
  readonly log = new RequestLog();
  readonly invariants: CloudStackInvariants;
  readonly users: readonly SeedUser[] = usersOf(SEED_ACCOUNTS);
  /** Session keys of callers that logged in with a password. */
  readonly sessions = new Map<string, SeedUser>();
  faults: FaultList<FakeFault>;
  world: World;

  constructor(seed: BackendSeed) {
    this.seed = seed;
    this.switches = { ...DEFAULT_SWITCHES, ...seed.switches };
    this.invariants = new CloudStackInvariants(() => seed.clock.now());
    const random = new SeededRandom(seed.seed);
    this.faults = this.#newFaults(random);
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
    this.sessions.clear();
    const random = new SeededRandom(this.seed.seed);
    this.faults = this.#newFaults(random);
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
    const { clock, hooks, cluster, speed, capacity, unlimited } = this.seed;
    const timers = new Timers(clock);
    const ground: Ground = {
      clock,
      timers,
      hooks,
      cluster,
      durations: durationsFor(speed),
      switches: this.switches,
      random,
      faults: this.faults,
      invariants: this.invariants,
      ledger: new Ledger(),
      capacity: new Map(Object.entries(capacity)),
      limits: new Map(unlimited ? [] : Object.entries(SEED_LIMITS).map(([name, limits]) => [name, { ...limits }])),
      zones: copied(SEED_ZONES),
      offerings: copied(SEED_SERVICE_OFFERINGS),
      diskOfferings: copied(SEED_DISK_OFFERINGS),
      networks: copied(SEED_NETWORKS),
      templates: copied(SEED_TEMPLATES),
      hosts: copied(SEED_HOSTS),
      affinityGroups: copied(SEED_AFFINITY_GROUPS),
      keyPairs: copied(SEED_KEY_PAIRS),
      securityGroups: copied(SEED_SECURITY_GROUPS),
      userData: [],
      machines: new Map(),
      volumes: new Map(),
      nics: new Map(),
      clusters: [],
      removed: new Set(),
      numbers: { machine: 600 },
      lists: { hidden: new Map(), frozen: undefined },
    };
    const jobs = new Jobs(ground);
    return { ground, jobs, life: new MachineLife(ground, jobs, new ClusterSide(ground)) };
  }
}

function copied(rows: readonly Readonly<Record<string, unknown>>[]): Row[] {
  return rows.map((row) => structuredClone(row) as Row);
}
