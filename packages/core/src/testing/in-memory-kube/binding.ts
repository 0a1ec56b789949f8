// What a binding does: put a pod on a node, once.

import { keyText, type ObjectKey } from "../../kube/index.ts";
import { conflict, notFound } from "./answers.ts";
import { objectAt, objectsAt, textAt, toDraft, type Stored } from "./json.ts";
import { podRules, setCondition } from "./pods.ts";
import type { Store } from "./store.ts";

/** @throws KubeError 404, 409 */
export function bindPod(store: Store, key: ObjectKey, nodeName: string, now: number): void {
  const row = keyText(key);
  const pod = store.get(podRules.id, row);
  if (pod === undefined) throw notFound(podRules, key.name);
  const obstacle = obstacleTo(pod);
  if (obstacle !== undefined) throw conflict("pods/binding", key.name, obstacle);
  const draft = toDraft(pod);
  draft["spec"] = { ...objectAt(draft, "spec"), nodeName };
  setCondition(draft, { type: "PodScheduled", status: "True" }, now);
  delete objectAt(draft, "status")["nominatedNodeName"];
  store.put(podRules.id, row, draft);
}

function obstacleTo(pod: Stored): string | undefined {
  const { name = "", deletionTimestamp } = pod.metadata;
  const spec = objectAt(pod, "spec");
  const nodeName = textAt(spec, "nodeName");
  if (deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`;
  if (nodeName !== "") return `pod ${name} is already assigned to node ${JSON.stringify(nodeName)}`;
  if (objectsAt(spec, "schedulingGates").length > 0) return `pod ${name} has non-empty .spec.schedulingGates`;
  return undefined;
}
