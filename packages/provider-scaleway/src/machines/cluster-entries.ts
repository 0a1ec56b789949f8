// Takes the entry of a Kosmos machine out of its managed cluster: the agent makes one, and nobody else removes it (W-49, step 7).

import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { BootstrapError } from "@karpenter-multicloud/core/bootstrap";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import { adviceFor, isNotFound, kindOf } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import { modeOf } from "./joining.ts";
import type { Joining } from "./joining.ts";
import { machineName } from "./machine-id.ts";

export interface ClusterEntriesParts {
  readonly client: Pick<ScalewayClient, "clusterOfPool" | "clusterNodes" | "deleteClusterNode">;
  readonly joining: Pick<Joining, "secretOf">;
  readonly logger: Logger;
  /** @throws when the class is gone */
  readonly nodeClass: (name: string) => ScalewayNodeClass;
}

export class ClusterEntries {
  readonly #parts: ClusterEntriesParts;

  constructor(parts: ClusterEntriesParts) {
    this.#parts = parts;
  }

  /** Does nothing for machines of other kinds. A key without rights to the cluster does not hold the removal up. */
  async remove(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const pool = await this.#poolOf(claim, signal);
    if (pool === undefined) return;
    const { client, logger } = this.#parts;
    const name = machineName(claim.metadata.name ?? "");
    try {
      const cluster = await client.clusterOfPool(pool.region, pool.id, signal);
      const entries = await client.clusterNodes(pool.region, cluster, { poolId: pool.id, name }, signal);
      for (const entry of entries.filter((each) => each.name === name)) {
        await client.deleteClusterNode(pool.region, entry.id, signal);
      }
    } catch (error) {
      if (isNotFound(error)) return;
      if (kindOf(error) !== "permission") throw error;
      logger.warn("the entry of a machine stays in its Kosmos cluster", { name, error, advice: adviceFor(error) });
    }
  }

  async #poolOf(
    claim: NodeClaim,
    signal: AbortSignal,
  ): Promise<{ readonly id: string; readonly region: string } | undefined> {
    const nodeClass = this.#classOf(claim);
    if (nodeClass === undefined || modeOf(nodeClass) !== "kosmos") return undefined;
    try {
      const { POOL_ID: id, POOL_REGION: region } = (await this.#parts.joining.secretOf(nodeClass, signal)) ?? {};
      return id === undefined || region === undefined ? undefined : { id, region };
    } catch (error) {
      if (BootstrapError.is(error)) return undefined;
      throw error;
    }
  }

  #classOf(claim: NodeClaim): ScalewayNodeClass | undefined {
    try {
      return this.#parts.nodeClass(claim.spec.nodeClassRef?.name ?? "");
    } catch {
      return undefined;
    }
  }
}
