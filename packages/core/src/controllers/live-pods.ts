// The pods of a node as the API server itself has them: before something irreversible the mirror is not enough (DX-23).

import { Pods, type Pod } from "../api/index.ts";
import type { ControllerDeps } from "./deps.ts";

export async function livePodsOf(
  { kube }: Pick<ControllerDeps, "kube">,
  name: string,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const { items } = await kube.list(Pods, { fieldSelector: `spec.nodeName=${name}`, signal });
  return items;
}
