// Managed clusters as far as foreign clients ask (§1.9): a cluster with one pool that can be sized, and the autoscaler's own view of it.

import { notFound } from "../api-error.ts";
import type { Ground } from "./ground.ts";
import { plainTime } from "./timestamps.ts";

export interface KapsuleNode {
  readonly id: string;
  readonly name: string;
  readonly poolId: string;
  readonly zone: string;
  readonly providerId: string;
  readonly createdAt: number;
}

interface KapsulePool {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly nodeType: string;
  size: number;
  readonly minSize: number;
  readonly maxSize: number;
  readonly createdAt: number;
}

export const KAPSULE_CLUSTER_ID = "c1a55e00-0000-4000-8000-000000000001";

/** Of machines from outside (Kosmos): Scaleway neither sizes nor heals it. */
export const EXTERNAL_POOL_ID = "c1a55e00-0000-4000-8000-0000000000b2";

export class KapsuleShelf {
  readonly #ground: Ground;
  readonly #pool: KapsulePool;
  #nodes: readonly KapsuleNode[] = [];

  constructor(ground: Ground) {
    this.#ground = ground;
    const createdAt = ground.clock.now();
    this.#pool = {
      id: "c1a55e00-0000-4000-8000-0000000000b1",
      name: "default",
      zone: ground.zones[0] ?? "fr-par-1",
      nodeType: "dev1_m",
      size: 1,
      minSize: 0,
      maxSize: 10,
      createdAt,
    };
    this.#settle();
  }

  /** Entries of machines that joined a multi-cloud pool from outside (Kosmos). */
  addExternal(name: string, providerId: string): KapsuleNode {
    const node = { ...this.#newNode(), name, providerId, poolId: EXTERNAL_POOL_ID };
    this.#nodes = [...this.#nodes, node];
    return node;
  }

  nodes(): readonly KapsuleNode[] {
    return this.#nodes;
  }

  pool(id: string): KapsulePool {
    if (id === EXTERNAL_POOL_ID) return { ...this.#pool, id, name: "external", nodeType: "external", size: 0 };
    if (id !== this.#pool.id) throw notFound("pool", id);
    return this.#pool;
  }

  checkCluster(id: string): void {
    if (id !== KAPSULE_CLUSTER_ID) throw notFound("cluster", id);
  }

  pools(): readonly KapsulePool[] {
    return [this.#pool];
  }

  resize(id: string, size: number): KapsulePool {
    const pool = this.pool(id);
    pool.size = size;
    this.#settle();
    return pool;
  }

  remove(nodeId: string, isReplaced: boolean): KapsuleNode {
    const node = this.#nodes.find(({ id }) => id === nodeId);
    if (node === undefined) throw notFound("node", nodeId);
    this.#nodes = this.#nodes.filter((each) => each !== node);
    if (node.poolId === this.#pool.id) {
      if (!isReplaced) this.#pool.size -= 1;
      this.#settle();
    }
    return node;
  }

  poolView(pool: KapsulePool, region: string): Readonly<Record<string, unknown>> {
    return {
      region,
      id: pool.id,
      cluster_id: KAPSULE_CLUSTER_ID,
      created_at: plainTime(pool.createdAt),
      updated_at: plainTime(pool.createdAt),
      name: pool.name,
      status: "ready",
      version: "1.36.1",
      node_type: pool.nodeType,
      autoscaling: true,
      size: pool.size,
      min_size: pool.minSize,
      max_size: pool.maxSize,
      container_runtime: "containerd",
      autohealing: true,
      tags: [],
      placement_group_id: null,
      kubelet_args: {},
      upgrade_policy: { max_unavailable: 1, max_surge: 0 },
      zone: pool.zone,
      root_volume_type: "sbs_5k",
      root_volume_size: 20_000_000_000,
      public_ip_disabled: false,
      security_group_id: "",
      labels: {},
      taints: [],
      startup_taints: [],
    };
  }

  nodeView(node: KapsuleNode, region: string): Readonly<Record<string, unknown>> {
    return {
      region,
      id: node.id,
      cluster_id: KAPSULE_CLUSTER_ID,
      created_at: plainTime(node.createdAt),
      updated_at: plainTime(node.createdAt),
      pool_id: node.poolId,
      status: "ready",
      conditions: { DiskPressure: "False", MemoryPressure: "False", PIDPressure: "False", Ready: "True" },
      name: node.name,
      public_ip_v4: null,
      public_ip_v6: null,
      provider_id: node.providerId,
      error_message: "",
    };
  }

  #settle(): void {
    const own = this.#nodes.filter(({ poolId }) => poolId === this.#pool.id);
    const others = this.#nodes.filter(({ poolId }) => poolId !== this.#pool.id);
    const missing = Math.max(0, this.#pool.size - own.length);
    const added = Array.from({ length: missing }, () => this.#newNode());
    this.#nodes = [...others, ...own.slice(0, this.#pool.size), ...added];
  }

  #newNode(): KapsuleNode {
    const { random, clock } = this.#ground;
    const { zone, name, id } = this.#pool;
    return {
      id: random.uuid(),
      name: `scw-fake-${name}-${random.hex(6)}`,
      poolId: id,
      zone,
      providerId: `scaleway://instance/${zone}/${random.uuid()}`,
      createdAt: clock.now(),
    };
  }
}
