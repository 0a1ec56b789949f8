// The claims of this provider, and the only place where our annotations on them are written (with an optimistic lock).

import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isConflict, isNotFound } from "@karpenter-multicloud/core/kube";
import type { Informer, KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { seconds } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import { isOurs } from "../access/cluster-access.ts";
import { isWaiting } from "./pool-balance.ts";

/** null removes. */
export type Notes = Readonly<Partial<Record<keyof typeof OvhAnnotation, string | null>>>;

const BY_POOL = "karpenter.ovhcloud.sh/pool-name";
export const UNBOUND: Notes = { PoolName: null, PoolId: null, Offering: null };
const CATCH_UP_TRIES = 60;

export class ClaimStore {
  readonly #kube: KubeClient;
  readonly #clock: Clock;
  readonly #claims: Informer<NodeClaim>;
  #hydration: Promise<number> | undefined;
  /** Pools that claims were bound to when this process began. */
  readonly #inherited = new Set<string>();

  constructor(kube: KubeClient, cache: KubeCache, clock: Clock) {
    this.#kube = kube;
    this.#clock = clock;
    this.#claims = cache.informer(NodeClaims, {
      [BY_POOL]: poolNameOf,
    });
  }

  all(): readonly NodeClaim[] {
    return this.#claims.list().filter(isOurs);
  }

  inPool(name: string): readonly NodeClaim[] {
    return this.#claims.byIndex(BY_POOL, name).filter(isOurs);
  }

  get(name: string): NodeClaim | undefined {
    return this.#claims.get({ name });
  }

  /**
   * O-25: only we write these annotations, so once the mirror shows what an earlier leader has written, it can be relied on.
   * Answers when that was.
   */
  hydrated(signal: AbortSignal): Promise<number> {
    this.#hydration ??= this.#hydrate(signal).catch((error: unknown) => {
      this.#hydration = undefined;
      throw error;
    });
    return this.#hydration;
  }

  /**
   * True once for a pool that an earlier process bound claims to: it may have been ordered just before that process ended,
   * and a fresh pool is not always listed at once (O-28).
   */
  takeInherited(pool: string): boolean {
    return this.#inherited.delete(pool);
  }

  /** The stored claim after the write, or undefined when it is gone, is another one by now, or `stillRight` denies it. */
  async note(
    claim: NodeClaim,
    notes: Notes,
    stillRight: (current: NodeClaim) => boolean,
    signal: AbortSignal,
  ): Promise<NodeClaim | undefined> {
    let current: NodeClaim | undefined = claim;
    for (let attempt = 0; attempt < 3 && current !== undefined; attempt++) {
      if (current.metadata.uid !== claim.metadata.uid || !stillRight(current)) return undefined;
      try {
        return await this.#patch(current, notes, signal);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        if (!isConflict(error)) throw error;
        current = await this.#read(claim, signal);
      }
    }
    return undefined;
  }

  /** Back to the choice of an offering; only as long as it has no machine. */
  async unbind(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    await this.note(claim, UNBOUND, isWaiting, signal);
  }

  #patch(claim: NodeClaim, notes: Notes, signal: AbortSignal): Promise<NodeClaim> {
    const annotations = Object.fromEntries(
      Object.entries(notes).map(([name, value]) => [OvhAnnotation[name as keyof typeof OvhAnnotation], value]),
    );
    const { resourceVersion, name = "" } = claim.metadata;
    const metadata = { ...(resourceVersion === undefined ? {} : { resourceVersion }), annotations };
    return this.#kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata } }, { signal });
  }

  async #read(claim: NodeClaim, signal: AbortSignal): Promise<NodeClaim | undefined> {
    try {
      return await this.#kube.get(NodeClaims, { name: claim.metadata.name ?? "" }, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #hydrate(signal: AbortSignal): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const { items } = await this.#kube.list(NodeClaims, { signal });
      const behind = items.filter(isOurs).filter((live) => !this.#shows(live));
      if (behind.length === 0) {
        for (const pool of items.filter(isOurs).flatMap(poolNameOf)) this.#inherited.add(pool);
        return this.#clock.now();
      }
      if (attempt >= CATCH_UP_TRIES)
        throw new Error(`the mirror of NodeClaims is behind the API server for ${behind.length} claims`);
      await this.#clock.sleep(seconds(1), { signal });
    }
  }

  #shows(live: NodeClaim): boolean {
    const cached = this.#claims.get({ name: live.metadata.name ?? "" });
    if (cached?.metadata.uid !== live.metadata.uid) return false;
    return Object.values(OvhAnnotation).every(
      (key) => cached?.metadata.annotations?.[key] === live.metadata.annotations?.[key],
    );
  }
}

function poolNameOf(claim: NodeClaim): readonly string[] {
  const name = claim.metadata.annotations?.[OvhAnnotation.PoolName];
  return name === undefined ? [] : [name];
}
