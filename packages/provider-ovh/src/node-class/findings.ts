// What each look at a class's surroundings says about one of its conditions.

import { conditionTrue, conditionFalse } from "@karpenter-multicloud/core/controllers/nodeclass-status";
import type { Finding } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import { isForbiddenTemplateLabel } from "../api/labels.ts";
import { OvhCondition } from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import { CredentialsError } from "../client/credentials.ts";
import { adviceFor, kindOf } from "../client/failure-kind.ts";
import type { WireCluster } from "../client/wire.ts";
import type { ApiClient } from "../access/api-clients.ts";
import { CLUSTER_GOING } from "../access/cluster-access.ts";

const WORKABLE: readonly string[] = ["READY", "UPDATING", "MAINTENANCE", "USER_QUOTA_ERROR"];
const SUSPENDED: readonly string[] = ["SUSPENDED", "SUSPENDING"];

export function clusterFinding({ status }: WireCluster): Finding {
  if (status === "USER_QUOTA_ERROR") {
    const message =
      "the cluster reports USER_QUOTA_ERROR: raise the quota of the project in this region in the OVHcloud control panel (Public Cloud, Quota and Regions)";
    return { ...conditionTrue(OvhCondition.ClusterReady), message };
  }
  if (WORKABLE.includes(status) || SUSPENDED.includes(status)) return conditionTrue(OvhCondition.ClusterReady);
  const reason = status === "DELETING" || status === "DELETED" ? CLUSTER_GOING : "NotReady";
  return conditionFalse(OvhCondition.ClusterReady, reason, `the cluster's status is ${status}`);
}

export function projectFinding({ status }: WireCluster): Finding {
  if (!SUSPENDED.includes(status)) return conditionTrue(OvhCondition.ProjectUsable);
  return conditionFalse(
    OvhCondition.ProjectUsable,
    "Suspended",
    `the cluster is ${status}: check the project's payment in the OVHcloud control panel`,
  );
}

export function planFinding(nodeClass: OVHNodeClass, { plan }: WireCluster): Finding {
  if (!nodeClass.spec?.attachFloatingIps || plan !== "free") return conditionTrue(OvhCondition.PlanSupports);
  return conditionFalse(OvhCondition.PlanSupports, "FreePlan", "attachFloatingIps needs the Standard plan");
}

export function tagsFinding(nodeClass: OVHNodeClass): Finding {
  const wrong = Object.keys(nodeClass.spec?.tags ?? {}).filter(isForbiddenTemplateLabel);
  if (wrong.length === 0) return conditionTrue(OvhCondition.TagsValid);
  return conditionFalse(
    OvhCondition.TagsValid,
    "ReservedKey",
    `tags ${wrong.join(", ")} are reserved for Kubernetes, MKS and Karpenter`,
  );
}

/** Rights to write cannot be tried out: what was refused so far is told, the rest is not verified. */
export function permissionsSoFar({ deniedWrites }: ApiClient): Finding {
  const refused = deniedWrites();
  if (refused.length === 0)
    return {
      ...conditionTrue(OvhCondition.PermissionsReady),
      message: "reading is allowed; the rights to write are not verified before they are needed",
    };
  return conditionFalse(OvhCondition.PermissionsReady, "CallNotGranted", refused.join("; "));
}

/** Which condition a failed call speaks against. */
export function findingOf(error: unknown): Finding {
  if (error instanceof CredentialsError)
    return conditionFalse(OvhCondition.CredentialsReady, error.reason, error.message);
  const advice = adviceFor(error);
  const said = saidBy(error);
  const message = advice === "" ? said : `${advice}: ${said}`;
  switch (kindOf(error)) {
    case "auth":
      return conditionFalse(OvhCondition.CredentialsReady, "InvalidCredential", message);
    case "permission":
      return conditionFalse(OvhCondition.PermissionsReady, "CallNotGranted", message);
    case "not-found":
      return conditionFalse(OvhCondition.ClusterReady, "NotFound", `check serviceName, kubeId and endpoint: ${said}`);
    case "expired":
      return conditionFalse(OvhCondition.ProjectUsable, "Expired", message);
    default:
      return { type: OvhCondition.ClusterReady, status: "Unknown", reason: "NotReachable", message };
  }
}

/** Without the query id: a text that is new with every look is a new event each time. */
export function saidBy(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(query id [^)]*\)$/, "");
}
