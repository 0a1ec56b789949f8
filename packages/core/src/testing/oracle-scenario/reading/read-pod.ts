// Pods of a scenario with the defaults of a pending and of a bound pod.

import type { Container, Pod, PodSpec } from "../../../api/index.ts";
import { listAt, objectAt } from "./json-shape.ts";
import type { JsonObject } from "./json-shape.ts";
import { named } from "./named-object.ts";
import { ScenarioError } from "../scenario.ts";

export function readPendingPod(raw: JsonObject, place: string): Pod {
  const pod = withContainers(raw, place);
  if (pod.spec.nodeName) throw new ScenarioError(`${place} has spec.nodeName: put it under nodes[].pods`);
  const conditions = pod.status?.conditions?.length
    ? pod.status.conditions
    : [{ type: "PodScheduled", status: "False", reason: "Unschedulable" } as const];
  return { ...pod, status: { ...pod.status, phase: pod.status?.phase ?? "Pending", conditions } };
}

export function readBoundPod(raw: JsonObject, node: string, born: string): Pod {
  const pod = withContainers(raw, `a pod of node ${node}`);
  const nodeName = pod.spec.nodeName || node;
  if (nodeName !== node) {
    throw new ScenarioError(`pod ${pod.metadata.name ?? ""} is listed under node ${node} but bound to ${nodeName}`);
  }
  const conditions = pod.status?.conditions?.length
    ? pod.status.conditions
    : [{ type: "PodScheduled", status: "True" } as const, { type: "Ready", status: "True" } as const];
  return {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: {
      ...pod.status,
      phase: pod.status?.phase ?? "Running",
      startTime: pod.status?.startTime ?? born,
      conditions,
    },
  };
}

function withContainers(raw: JsonObject, place: string): Pod {
  const pod = named(raw, "Pod", true) as Pod;
  const spec = objectAt(raw["spec"], `${place}.spec`);
  const listed = listAt(spec["containers"], `${place}.spec.containers`) as readonly unknown[] as readonly Container[];
  const containers: readonly Container[] = listed.length > 0 ? listed : [{ name: "main", image: "pause" }];
  return {
    ...pod,
    spec: {
      ...(spec as Partial<PodSpec>),
      containers: containers.map((container, index) => ({ ...container, name: container.name || `c${index}` })),
    },
  };
}
