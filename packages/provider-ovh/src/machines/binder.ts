// Chooses the offering of a claim and binds the claim to a pool, before anything is asked of the cloud (O-21).

import { Annotation, Label, parseLaunchHint, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import {
  allocatableOf,
  InsufficientCapacity,
  matchesRequirements,
  overlaidRank,
} from "@karpenter-multicloud/core/provider";
import type { InstanceType, Offering } from "@karpenter-multicloud/core/provider";
import { Requirements } from "@karpenter-multicloud/core/requirements";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { compareRates, compareText, fits, requestsFrom } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import type { Situation } from "../catalog/instance-types.ts";
import { whyNoOffering } from "../catalog/why-no-offering.ts";
import { zoneAliases } from "../catalog/zone-aliases.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import type { KeyedMutex } from "../pools/keyed-mutex.ts";
import { nodeIdOf } from "../pools/pool-balance.ts";
import { poolName } from "../pools/pool-key.ts";
import type { PoolShape } from "../pools/pool-key.ts";
import type { ShardBook } from "../pools/shard-book.ts";

export interface Candidate {
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly zone: string;
}

export interface BindRequest {
  readonly claim: NodeClaim;
  readonly types: readonly InstanceType[];
  readonly situation: Situation;
  readonly shapeOf: (candidate: { readonly flavor: string; readonly zone: string }) => PoolShape;
  readonly maxNodes: number;
}

export interface Binding {
  readonly claim: NodeClaim;
  readonly pool: string;
  readonly shape: PoolShape;
}

const MOST_SHARDS = 1000;

export class Binder {
  readonly #claims: ClaimStore;
  readonly #shards: ShardBook;
  readonly #clock: Clock;
  readonly #locks: KeyedMutex;

  constructor(parts: { claims: ClaimStore; shards: ShardBook; clock: Clock; locks: KeyedMutex }) {
    this.#claims = parts.claims;
    this.#shards = parts.shards;
    this.#clock = parts.clock;
    this.#locks = parts.locks;
  }

  /** The binding the claim has, when it still means something, else a new one. Undefined: the claim is gone or being deleted. */
  async bind(request: BindRequest, signal: AbortSignal): Promise<Binding | undefined> {
    const bound = this.#existing(request);
    if (bound !== undefined) return bound;
    for (const candidate of this.#candidates(request)) {
      const shape = request.shapeOf({ flavor: candidate.type.name, zone: candidate.zone });
      const binding = await this.#locks.run(`bind/${poolName(shape, 1)}`, () => this.#bindTo(request, shape, signal));
      if (binding !== "full") return binding;
    }
    const why = whyNoOffering(requirementsOf(request), request);
    throw new InsufficientCapacity(`nodeclaim ${request.claim.metadata.name ?? ""}: ${why}`, {
      conditionReason: "NoOffering",
    });
  }

  #existing({ claim, shapeOf }: BindRequest): Binding | undefined {
    const { annotations = {} } = claim.metadata;
    const pool = annotations[OvhAnnotation.PoolName];
    const [flavor, zone] = (annotations[OvhAnnotation.Offering] ?? "").split("/");
    if (!pool || !flavor || !zone) return undefined;
    const shape = shapeOf({ flavor, zone });
    if (nodeIdOf(claim) !== undefined) return { claim, pool, shape };
    // The class may have been edited since: then the claim belongs into another pool.
    const shard = Number(/-(\d+)$/.exec(pool)?.[1] ?? 1);
    const isSame = pool === poolName(shape, 1) || (shard <= MOST_SHARDS && pool === poolName(shape, shard));
    return isSame && !this.#shards.isAvoided(pool) ? { claim, pool, shape } : undefined;
  }

  /** The lowest shard with room; counted and written under one lock, so that two claims never take the same place. */
  async #bindTo(request: BindRequest, shape: PoolShape, signal: AbortSignal): Promise<Binding | undefined | "full"> {
    const { claim, maxNodes } = request;
    for (let shard = 1; shard <= MOST_SHARDS; shard++) {
      const pool = poolName(shape, shard);
      const others = this.#claims.inPool(pool).filter((each) => each.metadata.uid !== claim.metadata.uid);
      if (this.#shards.isAvoided(pool) || others.length >= maxNodes) continue;
      const stored = await this.#claims.note(
        claim,
        {
          PoolName: pool,
          PoolId: null,
          Offering: `${shape.flavor}/${shape.zone}`,
          LaunchAttempt: claim.metadata.annotations?.[OvhAnnotation.LaunchAttempt] ?? toRfc3339(this.#clock.now()),
        },
        (now) => nodeIdOf(now) === undefined && now.metadata.deletionTimestamp === undefined,
        signal,
      );
      return stored === undefined ? undefined : { claim: stored, pool, shape };
    }
    return "full";
  }

  /** The offering the plan counted on first, then by price, overlays before the list (OV-7); among equals a pool that exists, the emptier zone, the name. */
  #candidates(request: BindRequest): readonly Candidate[] {
    const hint = parseLaunchHint(request.claim.metadata.annotations?.[Annotation.LaunchHint]);
    const rank = overlaidRank(request.claim);
    const crowds = Map.groupBy(this.#claims.all(), zoneOf);
    const ranked = compatible(request).map((candidate) => {
      const shape = request.shapeOf({ flavor: candidate.type.name, zone: candidate.zone });
      const used = this.#claims.inPool(poolName(shape, 1)).length;
      const hinted =
        hint?.instanceType === candidate.type.name &&
        hint.zone === candidate.zone &&
        hint.capacityType === candidate.offering.requirements.get(Label.CapacityType).any();
      return {
        candidate,
        hinted,
        hasPool: used > 0 && used < request.maxNodes,
        crowd: crowds.get(candidate.zone)?.length ?? 0,
      };
    });
    ranked.sort(
      (a, b) =>
        Number(b.hinted) - Number(a.hinted) ||
        rank(a.candidate.type.name) - rank(b.candidate.type.name) ||
        compareRates(a.candidate.offering.price, b.candidate.offering.price) ||
        Number(b.hasPool) - Number(a.hasPool) ||
        a.crowd - b.crowd ||
        compareText(a.candidate.type.name, b.candidate.type.name) ||
        compareText(a.candidate.zone, b.candidate.zone),
    );
    return ranked.map(({ candidate }) => candidate);
  }
}

function requirementsOf({ claim, situation }: BindRequest): Requirements {
  return Requirements.fromSpecs(claim.spec.requirements, { values: zoneAliases(situation) });
}

function compatible(request: BindRequest): readonly Candidate[] {
  const { claim, types } = request;
  const wanted = requirementsOf(request);
  const requests = requestsFrom(claim.spec.resources?.requests);
  return types.flatMap((type) => {
    if (!matchesRequirements(type, wanted) || !fits(requests, allocatableOf(type))) return [];
    return type.offerings
      .filter((offering) => offering.availability.available && offering.requirements.overlaps(wanted))
      .map((offering) => ({ type, offering, zone: offering.requirements.get(Label.Zone).any() }));
  });
}

function zoneOf({ metadata }: NodeClaim): string | undefined {
  return metadata.labels?.[Label.Zone] ?? metadata.annotations?.[OvhAnnotation.Offering]?.split("/")[1];
}
