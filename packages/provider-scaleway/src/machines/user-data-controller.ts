// scaleway.userdata: takes the user data away from a machine that has joined; it holds what let it in (W-45).

import { isConditionTrue, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster, patchObject } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";

import { ScalewayAnnotation } from "../api/labels.ts";
import { ScalewayNodeClasses } from "../api/scaleway-node-class.ts";
import { inCoreWords, isNotFound } from "../client/failure-kind.ts";
import type { ScalewayClient } from "../client/scaleway-client.ts";
import { isOurs } from "./class-view.ts";
import { parseProviderId } from "./machine-id.ts";

export interface UserDataControllerParts {
  readonly metrics: Metrics;
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly client: Pick<ScalewayClient, "deleteUserData">;
}

export function userDataController({ kube, cache, client, metrics }: UserDataControllerParts): Controller {
  const claims = cache.informer(NodeClaims);
  const classes = cache.informer(ScalewayNodeClasses);
  return {
    name: "scaleway.userdata",
    triggers: [onChange(NodeClaims, ({ after }) => (after && hasJoined(after) ? [after.metadata.name ?? ""] : []))],
    concurrency: 4,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      const machine = parseProviderId(claim?.status?.providerID);
      if (claim === undefined || machine === undefined || !hasJoined(claim)) return undefined;
      const nodeClass = classes.get({ name: claim.spec.nodeClassRef.name });
      if (nodeClass?.spec?.deleteUserDataAfterRegistration === false) return undefined;
      await inCoreWords(`user data of server ${machine.id}`, async () => {
        try {
          await client.deleteUserData(machine.zone, machine.id, signal);
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      });
      const annotations = { ...claim.metadata.annotations, [ScalewayAnnotation.UserData]: "removed" };
      const after = { ...claim, metadata: { ...claim.metadata, annotations } };
      measureJoin(metrics, claim);
      try {
        await patchObject(kube, NodeClaims, { before: claim, after }, { signal });
      } catch (error) {
        if (!isGoneFromCluster(error)) throw error;
      }
      return undefined;
    },
  };
}

function measureJoin(metrics: Metrics, { status }: NodeClaim): void {
  const momentOf = (type: string): number =>
    Date.parse(status?.conditions?.find((each) => each.type === type)?.lastTransitionTime ?? "");
  const seconds = (momentOf("Registered") - momentOf("Launched")) / 1000;
  if (seconds >= 0) {
    metrics.observe("karpenter_scaleway_launch_phase_duration_seconds", { phase: "registered" }, seconds);
  }
}

function hasJoined(claim: NodeClaim): boolean {
  return (
    isOurs(claim) &&
    claim.metadata.deletionTimestamp === undefined &&
    claim.metadata.annotations?.[ScalewayAnnotation.UserData] === undefined &&
    isConditionTrue(claim, "Registered")
  );
}
