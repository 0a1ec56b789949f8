// When the controller looked at a node's pods for the last time before it gave the node up, which pods it deleted, and when pods were bound: all by the API server's own clock.

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

/** Epoch ms. */
export interface LastLooks {
  /** When the last list of the node's pods was asked for before its claim's deletion was; undefined: nobody looked. */
  lookBefore(claim: string, node: string): number | undefined;
  /** When the API server had stored it; undefined: it is not known to be bound. */
  boundAt(pod: string): number | undefined;
  /** Outright, not through the eviction API. */
  deletedByController(pod: string): boolean;
}

interface Entry {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly subresource?: string; readonly name?: string };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** A pod that is created with its node is bound when it is created; another one when it gets its node. */
export async function readLastLooks(auditLog: string, controller: string): Promise<LastLooks> {
  const looks: { readonly node: string; readonly at: number }[] = [];
  const deletions = new Map<string, number>();
  const bound = new Map<string, number>();
  const ended = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    if (!line.endsWith("}")) continue;
    const { verb, requestURI, user, objectRef, responseStatus, ...times } = JSON.parse(line) as Entry;
    if ((responseStatus?.code ?? 500) >= 300) continue;
    const { resource, subresource, name } = objectRef ?? {};
    const asked = Date.parse(times.requestReceivedTimestamp);
    const isOurs = user.username === controller;
    if (resource === "nodeclaims" && verb === "delete" && isOurs && name && !deletions.has(name)) {
      deletions.set(name, asked);
    }
    if (resource !== "pods") continue;
    const node = verb === "list" && isOurs ? nodeIn(requestURI) : undefined;
    if (node !== undefined) looks.push({ node, at: asked });
    if (verb === "delete" && isOurs && name) ended.add(name);
    const isStored = verb === "create" && (subresource === undefined || subresource === "binding");
    if (isStored && name) bound.set(name, Date.parse(times.stageTimestamp));
  }
  return {
    lookBefore(claim, node) {
      const until = deletions.get(claim) ?? Number.NEGATIVE_INFINITY;
      return looks.findLast((look) => look.node === node && look.at <= until)?.at;
    },
    boundAt: (pod) => bound.get(pod),
    deletedByController: (pod) => ended.has(pod),
  };
}

function nodeIn(uri: string): string | undefined {
  const selector = new URL(uri, "http://localhost").searchParams.get("fieldSelector");
  return /^spec\.nodeName=(.+)$/.exec(selector ?? "")?.[1];
}
