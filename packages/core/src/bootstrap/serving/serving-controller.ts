// bootstrap.servingcertificates: approves the certificates that kubelets of our machines ask for their own port; Kubernetes itself never does. What it does not approve it leaves to people.

import { CertificateSigningRequests, NodeClaims, Nodes, toRfc3339 } from "../../api/index.ts";
import type { CertificateSigningRequest, NodeClaim } from "../../api/index.ts";
import { isConflict, isNotFound } from "../../kube/index.ts";
import type { EventRecorder, KubeCache, KubeClient } from "../../kube/index.ts";
import { onChange, type Clock, type Controller } from "../../runtime/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import { minutes, seconds } from "../../units/index.ts";
import { askingNode, objection } from "./serving-request.ts";

export interface ServingControllerParts {
  readonly kube: Pick<KubeClient, "patchStatus">;
  readonly cache: KubeCache;
  readonly clock: Pick<Clock, "now">;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly isOurs: (claim: NodeClaim) => boolean;
  /** As its machine is told to call itself. */
  readonly nodeNameOf: (claim: NodeClaim) => string;
  /** What the cloud, not the node, says of the machine's addresses. */
  readonly addressesOf: (claim: NodeClaim, signal: AbortSignal) => Promise<readonly string[]>;
}

/** Its node may not be known yet, or its machine not have all of its addresses. */
const LOOK_AGAIN = seconds(15);
/** A kubelet asks anew after that. */
const PATIENCE_MS = minutes(15);
const TOLD_FOR = minutes(30);

export function servingCertificateController(parts: ServingControllerParts): Controller {
  const { cache, clock, logger, addressesOf } = parts;
  const requests = cache.informer(CertificateSigningRequests);
  const claimOf = claimFinder(parts);
  return {
    name: "bootstrap.servingcertificates",
    triggers: [
      onChange(CertificateSigningRequests, ({ after }) =>
        after !== undefined && askingNode(after) !== undefined ? [after.metadata.name ?? ""] : [],
      ),
    ],
    async reconcile(name, { signal }) {
      const request = requests.get({ name });
      const nodeName = request && askingNode(request);
      if (request === undefined || nodeName === undefined) return undefined;
      const isYoung = clock.now() - Date.parse(request.metadata.creationTimestamp ?? "") < PATIENCE_MS;
      const later = isYoung ? { requeueAfter: LOOK_AGAIN } : undefined;
      const claim = claimOf(nodeName);
      if (claim === undefined) return later;
      const why = objection(request, nodeName, await addressesOf(claim, signal));
      if (why !== undefined) {
        tell(parts, claim, `certificate request ${name} of node ${nodeName} is not approved: ${why}`);
        return later;
      }
      await approve(parts, request, signal);
      logger.info("approved serving certificate", { CertificateSigningRequest: name, Node: nodeName });
      return undefined;
    },
  };
}

/** A kubelet may call itself by any machine's id, but not by any name: both must fit. */
function claimFinder({
  cache,
  isOurs,
  nodeNameOf,
}: ServingControllerParts): (nodeName: string) => NodeClaim | undefined {
  const nodes = cache.informer(Nodes);
  const claims = cache.informer(NodeClaims);
  return (nodeName) => {
    const providerID = nodes.get({ name: nodeName })?.spec?.providerID;
    const [claim, ...others] = claims.list().filter(({ status }) => providerID && status?.providerID === providerID);
    if (claim === undefined || others.length > 0 || claim.metadata.deletionTimestamp !== undefined) return undefined;
    return isOurs(claim) && nodeNameOf(claim) === nodeName ? claim : undefined;
  };
}

function tell({ events }: ServingControllerParts, object: NodeClaim, message: string): void {
  const note = { type: "Warning", reason: "ServingCertificateNotApproved", message, dedupeFor: TOLD_FOR } as const;
  events.publish({ resource: NodeClaims, object, ...note });
}

/** Only of the very request that was looked at. */
async function approve(
  { kube, clock }: ServingControllerParts,
  { metadata }: CertificateSigningRequest,
  signal: AbortSignal,
): Promise<void> {
  const { name = "", uid, resourceVersion } = metadata;
  const now = toRfc3339(clock.now());
  const condition = {
    type: "Approved",
    status: "True",
    reason: "KarpenterNode",
    message: "The node is a machine of Karpenter, and the names are its own.",
    lastUpdateTime: now,
  };
  const body = { metadata: { uid, resourceVersion }, status: { conditions: [condition] } };
  try {
    await kube.patchStatus(CertificateSigningRequests, { name }, { type: "merge", body }, { signal });
  } catch (error) {
    // Somebody was quicker.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
