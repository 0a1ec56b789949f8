// What a mode cannot do without, asked for in one place.

import { BootstrapError } from "../bootstrap-error.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import type { JoinPlan } from "../join-plan.ts";

/** @throws BootstrapError ClusterFactsMissing */
export function requireCluster({ cluster, mode }: JoinPlan): ClusterFacts {
  if (cluster === undefined) throw new BootstrapError("ClusterFactsMissing", `mode ${mode} must know the cluster`);
  return cluster;
}

/** A value of the user's Secret. @throws BootstrapError TokenSourceMissing naming the key, never its value */
export function requireSecret({ material, mode }: JoinPlan, key: string): string {
  const value = "secret" in material ? material.secret[key]?.trim() : undefined;
  if (!value) {
    throw new BootstrapError(
      "TokenSourceMissing",
      `mode ${mode} needs key ${key} in the Secret of bootstrap.tokenSecretRef`,
    );
  }
  return value;
}
