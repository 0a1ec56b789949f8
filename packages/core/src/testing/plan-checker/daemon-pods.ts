// Which DaemonSets will put a pod on a machine, and what that pod takes.

import type { Container, PodSpec, Taint, Toleration } from "../../api/index.ts";
import type { DaemonSetInput, ProblemInput } from "../../scheduling/index.ts";
import { mayHold, selectorHolds } from "./label-rules.ts";
import { repelledBy } from "./pod-needs.ts";
import type { Shape } from "./place.ts";

/** The controller writes these into every pod it makes. */
const CONTROLLER_TOLERATES: readonly Toleration[] = [
  ...["not-ready", "unreachable"].map((name) => tolerate(`node.kubernetes.io/${name}`, "NoExecute")),
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map((name) =>
    tolerate(`node.kubernetes.io/${name}`, "NoSchedule"),
  ),
];

export function daemonsOn(shape: Shape, taints: readonly Taint[], input: ProblemInput): readonly PodSpec[] {
  return input.daemonSets
    .map(podSpecOf)
    .filter((spec) => repelledBy(taints, [...(spec.tolerations ?? []), ...CONTROLLER_TOLERATES]).length === 0)
    .filter((spec) => selectorHolds(spec, shape.labels, mayHold, { normalization: input.normalization }));
}

/** A pod that exists shows what admission made of the template, but is tied to its own node by its affinity. */
function podSpecOf({ daemonSet, newestPod }: DaemonSetInput): PodSpec {
  const { affinity, ...template } = daemonSet.spec.template.spec;
  const { affinity: _own, ...spec } = newestPod?.spec ?? withDefaultRequests(template);
  return affinity === undefined ? spec : { ...spec, affinity };
}

/** The API server takes limits for requests that are not given. */
function withDefaultRequests(spec: PodSpec): PodSpec {
  const fill = (container: Container): Container => ({
    ...container,
    resources: { requests: { ...container.resources?.limits, ...container.resources?.requests } },
  });
  return {
    ...spec,
    containers: spec.containers.map(fill),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(fill) }),
  };
}

function tolerate(key: string, effect: "NoExecute" | "NoSchedule"): Toleration {
  return { key, operator: "Exists", effect };
}
