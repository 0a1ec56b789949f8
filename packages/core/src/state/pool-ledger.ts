// What is taken of each NodePool at this moment: by machines the mirror shows, and by grants nobody can see yet (LC-11, ST-5, D-65).

import { isConditionTrue, Label, type NodePool } from "../api/index.ts";
import type { Clock } from "../runtime/index.ts";
import { addResources, exceeded, type Duration, type Resources } from "../units/index.ts";
import { countableResources } from "./countable-resources.ts";
import type { ClusterState, StateNode } from "./state-node.ts";

/** ST-5: the machines of one pool, each in one of the first three. */
export interface PoolCounts {
  readonly active: number;
  readonly deleting: number;
  /** Chosen by a running command; the claim is not deleted yet. */
  readonly pendingDisruption: number;
  /** Granted to creates that are on their way. */
  readonly reserved: number;
}

/** Room taken for one claim. Given back as soon as the create has ended, for then the mirror shows what came of it. */
export interface Reservation {
  /** Once or more often, it is the same. */
  release(): void;
  /** For a create that got no answer: the claim may be there, and the watch needs a moment to tell. */
  releaseAfter(time: Duration): void;
}

interface Booking {
  readonly resources: Resources;
  until: number;
}

export type Admission =
  | { readonly granted: Reservation }
  /** The limited resources that would be exceeded; `ofCluster` when it is the limit of all pools together. */
  | { readonly over: readonly string[]; readonly ofCluster?: number };

export interface PoolBook {
  /** NP-16: refuses what would exceed a limit of the pool; reaching it is allowed. */
  admit(pool: NodePool, booking: Resources): Admission;
}

/** One for the whole process: what two controllers create at the same time never adds up to more than the limit. */
export class PoolLedger {
  readonly #state: Pick<ClusterState, "nodes">;
  readonly #clock: Pick<Clock, "now">;
  readonly #maxNodes: number;
  readonly #reserved = new Map<string, Set<Booking>>();

  /** `maxNodes` of all pools together, 0 is no limit. */
  constructor(parts: {
    readonly state: Pick<ClusterState, "nodes">;
    readonly clock: Pick<Clock, "now">;
    readonly maxNodes?: number;
  }) {
    this.#state = parts.state;
    this.#clock = parts.clock;
    this.#maxNodes = parts.maxNodes ? parts.maxNodes : Infinity;
  }

  counts(pool: string): PoolCounts {
    const nodes = this.#state.nodes().filter((node) => poolOfClaim(node) === pool);
    const deleting = nodes.filter(isDeleting).length;
    const pendingDisruption = nodes.filter((node) => node.markedForDeletion && !isDeleting(node)).length;
    const active = nodes.length - deleting - pendingDisruption;
    return { active, deleting, pendingDisruption, reserved: this.#bookings(pool).length };
  }

  /**
   * For creates whose size is known. Opened and used without a wait in between: it has seen the machines of that moment.
   * `sizeOf` says as what a machine counts; those on their way out do not (NP-15).
   */
  open(sizeOf: (node: StateNode) => Resources = ({ capacity }) => capacity): PoolBook {
    const used = new Map<string, Resources>();
    for (const node of this.#state.nodes()) {
      const { nodePool, markedForDeletion } = node;
      if (nodePool === undefined || markedForDeletion) continue;
      used.set(nodePool, addResources(used.get(nodePool) ?? {}, { ...sizeOf(node), nodes: 1 }));
    }
    for (const pool of this.#reserved.keys()) {
      used.set(pool, addResources(used.get(pool) ?? {}, ...this.#bookings(pool)));
    }
    return {
      admit: ({ metadata: { name = "" }, spec }, booking) => {
        const after = addResources(used.get(name) ?? {}, { ...booking, nodes: 1 });
        const over = exceeded(after, countableResources(spec.limits));
        if (over.length > 0) return { over };
        if (this.#roomInCluster() < 1) return { over: ["nodes"], ofCluster: this.#maxNodes };
        used.set(name, after);
        return { granted: this.#reserve(name, { ...booking, nodes: 1 }) };
      },
    };
  }

  /**
   * ST-1, D-65: as many of the wanted machines as the limit `nodes` leaves room for; machines on their way out still
   * take theirs. None while any limit of the pool is exceeded already: what a machine of unknown size adds is not known.
   */
  grantNodes(pool: NodePool, wanted: number): readonly Reservation[] {
    const { name = "" } = pool.metadata;
    const { nodes: limit = Infinity, ...others } = countableResources(pool.spec.limits);
    if (exceeded(this.#used(name), others).length > 0) return [];
    const { active, deleting, pendingDisruption, reserved } = this.counts(name);
    const free = limit - (active + deleting + pendingDisruption + reserved);
    const granted = Math.max(0, Math.min(wanted, free, this.#roomInCluster()));
    return Array.from({ length: granted }, () => this.#reserve(name, { nodes: 1 }));
  }

  /** The limit of all pools together, once nothing is left of it. */
  fullCluster(): number | undefined {
    return this.#roomInCluster() < 1 ? this.#maxNodes : undefined;
  }

  /** Machines on their way out are still there, and so still count. */
  #roomInCluster(): number {
    if (this.#maxNodes === Infinity) return Infinity;
    const reserved = [...this.#reserved.keys()].reduce((sum, pool) => sum + this.#bookings(pool).length, 0);
    return this.#maxNodes - this.#state.nodes().filter(({ managed }) => managed).length - reserved;
  }

  #used(pool: string): Resources {
    const nodes = this.#state.nodes().filter((node) => node.nodePool === pool && !node.markedForDeletion);
    return addResources(...nodes.map(({ capacity }) => capacity));
  }

  #reserve(pool: string, resources: Resources): Reservation {
    const bookings = this.#reserved.get(pool) ?? new Set();
    this.#reserved.set(pool, bookings);
    const booking: Booking = { resources, until: Infinity };
    bookings.add(booking);
    return {
      release: () => {
        booking.until = 0;
      },
      releaseAfter: (time) => {
        booking.until = Math.min(booking.until, this.#clock.now() + time);
      },
    };
  }

  /** Those that still hold; the others are forgotten here. */
  #bookings(pool: string): readonly Resources[] {
    const bookings = this.#reserved.get(pool) ?? new Set();
    const now = this.#clock.now();
    for (const booking of bookings) if (booking.until <= now) bookings.delete(booking);
    if (bookings.size === 0) this.#reserved.delete(pool);
    return [...bookings].map(({ resources }) => resources);
  }
}

/** By its claim: what somebody does to the labels of a Node makes no room. */
export function poolOfClaim({ nodeClaim }: StateNode): string | undefined {
  return nodeClaim?.metadata.labels?.[Label.NodePool];
}

function isDeleting({ nodeClaim }: StateNode): boolean {
  if (!nodeClaim) return false;
  return nodeClaim.metadata.deletionTimestamp !== undefined || isConditionTrue(nodeClaim, "InstanceTerminating");
}
