// Installs CustomResourceDefinitions and waits until their objects are served.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";
import { answerStatus, apiRequest, type ApiEndpoint } from "./api-request.ts";

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const POLL = milliseconds(50);
const PATIENCE_MS = 240_000;

interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/** @throws Error when the server refuses one, or does not serve it in time */
export async function installDefinitions(
  endpoint: ApiEndpoint,
  definitions: readonly object[],
  clock: Clock,
): Promise<void> {
  for (const definition of definitions as readonly Definition[]) {
    const answer = await apiRequest(endpoint, "POST", DEFINITIONS, definition);
    if (answer.status !== 201 && answer.status !== 409) {
      throw new Error(`the server refuses the definition ${definition.metadata.name}: ${answer.text}`);
    }
  }
  await waitUntilServed(endpoint, definitions, clock);
}

/** Also after a restart: the server makes the watch cache of a custom resource only when it is first asked for. */
export async function waitUntilServed(
  endpoint: ApiEndpoint,
  definitions: readonly object[],
  clock: Clock,
): Promise<void> {
  const giveUpAt = clock.now() + PATIENCE_MS;
  for (const definition of definitions as readonly Definition[]) {
    while (!(await isServed(endpoint, definition))) {
      if (clock.now() > giveUpAt)
        throw new Error(`${definition.metadata.name} is not served within ${PATIENCE_MS / 1000} s`);
      await clock.sleep(POLL);
    }
  }
}

async function isServed(endpoint: ApiEndpoint, { metadata, spec }: Definition): Promise<boolean> {
  const stored = await apiRequest(endpoint, "GET", `${DEFINITIONS}/${metadata.name}`);
  if (!/"type":"Established","status":"True"|"status":"True"[^}]*"type":"Established"/.test(stored.text)) return false;
  const version = spec.versions.find(({ served }) => served)?.name ?? "";
  const collection = `/apis/${spec.group}/${version}/${spec.names.plural}`;
  return (await answerStatus(endpoint, `${collection}?watch=true&resourceVersion=0&timeoutSeconds=1`)) === 200;
}
