// Is a pool posted a second time? An answer that got lost does not mean that the pool was not made (O-28).

import type { OvhInvariants } from "./invariants.ts";
import type { Cluster } from "./world/cluster.ts";

/** When, by the fake's clock, the answer to a POST of this cluster and name was lost. */
export type PostWatch = Map<string, number>;

/** Posting again so soon after a lost answer is a retry. */
const RETRY_MS = 100_000;

export function newPostWatch(): PostWatch {
  return new Map();
}

export interface Posted {
  readonly cluster: Cluster;
  readonly name: string;
  readonly now: number;
}

export function judgePost(watch: PostWatch, invariants: OvhInvariants, { cluster, name, now }: Posted): void {
  const exists = [...cluster.pools.values()].some((pool) => pool.name === name && !pool.deleting);
  const lostAt = watch.get(`${cluster.id}/${name}`);
  const retried = lostAt !== undefined && now - lostAt < RETRY_MS;
  if (!exists && !retried) return;
  const why = exists ? "it exists" : "the answer to an earlier request was lost";
  invariants.record("PoolPostedTwice", `pool ${name} posted although ${why}`, { pool: name });
}

export function noteLostPost(watch: PostWatch, { cluster, name, now }: Posted): void {
  watch.set(`${cluster.id}/${name}`, now);
}
