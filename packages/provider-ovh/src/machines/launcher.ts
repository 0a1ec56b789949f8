// Launches one machine for a claim: bind, have the pool looked after, wait a little, and come back later if it takes longer (O-21).

import { isConditionTrue, READY } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { LaunchPending, NodeClassNotReady } from "@karpenter-multicloud/core/provider";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { seconds } from "@karpenter-multicloud/core/units";

import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import type { ClusterAccess, ClusterAccesses } from "../access/cluster-access.ts";
import type { Binder, Binding } from "./binder.ts";
import type { ClaimStore } from "../pools/claim-store.ts";
import { situationOf } from "./class-view.ts";
import type { ClassViews } from "./class-view.ts";
import type { Coalescer } from "../pools/coalescer.ts";
import type { KeyedMutex } from "../pools/keyed-mutex.ts";
import { launchedClaim } from "./machine-claim.ts";
import { nameOf } from "../pools/outcome.ts";
import type { Outcome, Outcomes } from "../pools/outcome.ts";
import { inCoreWords } from "../pools/pool-keeper.ts";
import type { PoolCensus } from "../pools/pool-census.ts";
import type { PoolKeeper } from "../pools/pool-keeper.ts";

const POLL = seconds(5);
const LONGEST_MS = 60_000;
const COME_BACK = seconds(10);
/** How often a claim may be turned away from pools within one call. */
const REBINDS = 5;

export interface LauncherParts {
  readonly clock: Clock;
  readonly accesses: ClusterAccesses;
  readonly views: ClassViews;
  readonly binder: Binder;
  readonly claims: ClaimStore;
  readonly keeper: PoolKeeper;
  readonly census: PoolCensus;
  readonly rounds: Coalescer<Outcomes>;
  readonly locks: KeyedMutex;
}

interface Launch {
  readonly nodeClass: OVHNodeClass;
  readonly access: ClusterAccess;
  readonly signal: AbortSignal;
}

export class Launcher {
  readonly #parts: LauncherParts;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  async create(claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim> {
    const { accesses, claims, clock } = this.#parts;
    const nodeClass = accesses.nodeClass(claim.spec.nodeClassRef.name);
    requireReady(nodeClass);
    await claims.hydrated(signal);
    const access = await inCoreWords(`launching nodeclaim ${nameOf(claim)}`, () => accesses.of(nodeClass, signal));
    const launch: Launch = { nodeClass, access, signal };
    const until = clock.now() + LONGEST_MS;
    let why = "";
    for (let rebinds = 0; rebinds <= REBINDS;) {
      const binding = await this.#bind(claim, launch);
      const outcome = await this.#settle(binding, launch);
      if (outcome.kind === "failed") throw outcome.error;
      if (outcome.kind === "unbound") {
        rebinds++;
        continue;
      }
      if (outcome.kind === "assigned") this.#parts.census.reached("listed", outcome.claim);
      if (outcome.kind === "assigned" && outcome.machine.instanceId !== "") {
        this.#parts.census.reached("instance", outcome.claim);
        return await this.#launched(outcome, binding, launch, claim);
      }
      why =
        outcome.kind === "waiting"
          ? outcome.why
          : `machine ${outcome.machine.name} has no instance yet (${outcome.machine.status})`;
      if (clock.now() + POLL >= until) break;
      await clock.sleep(POLL, { signal });
    }
    throw new LaunchPending(`nodeclaim ${nameOf(claim)}: ${why}`, {
      retryAfter: COME_BACK,
      conditionReason: "MachinePending",
    });
  }

  async #bind(claim: NodeClaim, { nodeClass, access, signal }: Launch): Promise<Binding> {
    const { claims, views, binder } = this.#parts;
    const current = claims.get(nameOf(claim)) ?? claim;
    const { items } = await inCoreWords("listing flavors", () => views.instanceTypes(nodeClass, access, signal));
    const binding = await binder.bind(
      {
        claim: current,
        types: items,
        situation: situationOf(nodeClass),
        shapeOf: (offering) => views.shape(current, nodeClass, access, offering),
        maxNodes: views.maxNodes(nodeClass),
      },
      signal,
    );
    if (binding !== undefined) return binding;
    throw new LaunchPending(`nodeclaim ${nameOf(claim)} changed while it was bound to a pool`, {
      retryAfter: seconds(1),
    });
  }

  /** Claims of one pool that come at about the same time share one look and one change of its size. */
  async #settle({ claim, pool, shape }: Binding, { nodeClass, access, signal }: Launch): Promise<Outcome> {
    const { rounds, locks, keeper, views } = this.#parts;
    const target = {
      access,
      name: pool,
      nodeClass,
      clusterName: views.clusterName(access),
      shape,
      maxNodes: views.maxNodes(nodeClass),
      clusterLimit: views.clusterLimit(nodeClass),
    };
    const key = `${access.kubeId}/${pool}`;
    const outcomes = await inCoreWords(`pool ${pool}`, () =>
      rounds.join(`settle/${key}`, (shared) => locks.run(`pool/${key}`, () => keeper.settle(target, shared)), signal),
    );
    return outcomes.get(nameOf(claim)) ?? { kind: "waiting", why: `pool ${pool} was not looked at for it yet` };
  }

  async #launched(
    { machine, pool, claim }: Extract<Outcome, { kind: "assigned" }>,
    { shape }: Binding,
    { nodeClass, access, signal }: Launch,
    asked: NodeClaim,
  ): Promise<NodeClaim> {
    const { items } = await this.#parts.views.instanceTypes(nodeClass, access, signal);
    const type = items.find((each) => each.name === machine.flavor);
    const annotated = {
      ...asked,
      metadata: { ...asked.metadata, annotations: { ...asked.metadata.annotations, ...claim.metadata.annotations } },
    };
    return launchedClaim(annotated, { machine, pool, zone: shape.zone }, nodeClass, type);
  }
}

function requireReady(nodeClass: OVHNodeClass): void {
  const name = nodeClass.metadata.name ?? "";
  if (nodeClass.metadata.deletionTimestamp !== undefined)
    throw new NodeClassNotReady(`OVHNodeClass ${name} is being deleted`);
  if (isConditionTrue(nodeClass, READY)) return;
  const broken = nodeClass.status?.conditions?.find((each) => each.status === "False" && each.type !== READY);
  const why = broken === undefined ? "it has not been checked yet" : `${broken.type}: ${broken.message}`;
  throw new NodeClassNotReady(`OVHNodeClass ${name} is not ready (${why})`);
}
