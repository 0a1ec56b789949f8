// cloudstack.userdata: replaces the user data of a machine that has joined, where its class wants that; it holds what let it in (C-73).

import { isConditionTrue, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster, patchObject } from "@karpenter-multicloud/core/kube";
import type { EventRecorder, KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";

import { CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import { CloudStackAnnotation } from "../api/labels.ts";
import type { ApiClients } from "../client/api-clients.ts";
import { adviceFor, inCoreWords, isNotFound } from "../client/core-words.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import { kindOf } from "../client/failure-kind.ts";
import { isOurs } from "./class-view.ts";
import { parseProviderId } from "./machine-id.ts";

export interface UserDataControllerParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly events: EventRecorder;
  readonly clients: ApiClients;
}

/** Says nothing, and does nothing should the machine start anew as another one. */
const STUB = Buffer.from("#!/bin/sh\n# taken away after the node had joined\n").toString("base64");

export function userDataController({ kube, cache, events, clients }: UserDataControllerParts): Controller {
  const claims = cache.informer(NodeClaims);
  const classes = cache.informer(CloudStackNodeClasses);
  const note = async (claim: NodeClaim, what: string, signal: AbortSignal): Promise<void> => {
    const annotations = { ...claim.metadata.annotations, [CloudStackAnnotation.UserData]: what };
    const after = { ...claim, metadata: { ...claim.metadata, annotations } };
    try {
      await patchObject(kube, NodeClaims, { before: claim, after }, { signal });
    } catch (error) {
      if (!isGoneFromCluster(error)) throw error;
    }
  };
  return {
    name: "cloudstack.userdata",
    triggers: [onChange(NodeClaims, ({ after }) => (after && hasJoined(after) ? [after.metadata.name ?? ""] : []))],
    concurrency: 4,
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      const id = parseProviderId(claim?.status?.providerID);
      if (claim === undefined || id === undefined || !hasJoined(claim)) return undefined;
      const spec = classes.get({ name: claim.spec.nodeClassRef.name })?.spec;
      if (spec === undefined || !isWanted(spec)) return undefined;
      const client = await clients.forClass(spec, signal);
      const outcome = await scrub(client, { id, name }, signal);
      if (outcome === "gone") return undefined;
      if (outcome !== "removed") {
        const message = `the user data of its machine could not be replaced: ${outcome.refused}`;
        const reason = "UserDataNotScrubbed";
        events.publish({ resource: NodeClaims, object: claim, type: "Warning", reason, message });
      }
      await note(claim, outcome === "removed" ? outcome : "kept", signal);
      return undefined;
    },
  };
}

/** @throws ProviderError where trying again may help */
async function scrub(
  client: CloudStackClient,
  { id, name }: { readonly id: string; readonly name: string },
  signal: AbortSignal,
): Promise<"removed" | "gone" | { readonly refused: string }> {
  try {
    await client.setUserData(id, STUB, name, signal);
    return "removed";
  } catch (error) {
    if (isNotFound(error)) return "gone";
    const kind = kindOf(error);
    if (kind === "permission" || kind === "object-permission" || kind === "config") {
      return { refused: `${(error as Error).message}; ${adviceFor(error)}` };
    }
    return inCoreWords(`user data of machine ${id}`, () => Promise.reject(error as Error));
  }
}

/** Registered user data is not the machine's own. */
function isWanted({ scrubUserData, userDataRef }: CloudStackNodeClassSpec): boolean {
  return scrubUserData === true && userDataRef === undefined;
}

function hasJoined(claim: NodeClaim): boolean {
  return (
    isOurs(claim) &&
    claim.metadata.deletionTimestamp === undefined &&
    claim.metadata.annotations?.[CloudStackAnnotation.UserData] === undefined &&
    isConditionTrue(claim, "Registered")
  );
}
