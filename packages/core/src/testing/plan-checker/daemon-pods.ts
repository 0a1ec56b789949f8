// Which DaemonSets will put a pod on a machine, and what that pod takes.

import type { Container, PodSpec, Toleration } from "../../api/index.ts";
import type { DaemonSetInput, ProblemInput } from "../../scheduling/index.ts";
import { mayHold } from "./label-rules.ts";
import type { Place, Shape } from "./place.ts";
import type { NodeWishes } from "./node-wishes.ts";
import { repelledBy } from "./pod-needs.ts";

/** The controller writes these into every pod it makes. */
const CONTROLLER_TOLERATES: readonly Toleration[] = [
  ...["not-ready", "unreachable"].map((name) => tolerate(`node.kubernetes.io/${name}`, "NoExecute")),
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map((name) =>
    tolerate(`node.kubernetes.io/${name}`, "NoSchedule"),
  ),
];

/** Of all DaemonSets that count. */
export function daemonSpecs({ daemonSets }: ProblemInput): readonly PodSpec[] {
  return daemonSets
    .filter(({ daemonSet, newestPod }) => !claimsDevices(newestPod?.spec ?? daemonSet.spec.template.spec))
    .map(podSpecOf);
}

export interface DaemonReading {
  readonly wishes: NodeWishes;
  /** Of the DaemonSets that count. */
  readonly daemons: readonly PodSpec[];
}

/** The same list for shapes that get the same pods. */
export type DaemonsAt = (shape: Shape) => readonly PodSpec[];

export function daemonsFor(place: Place, { daemons, wishes }: DaemonReading): DaemonsAt {
  const tolerant = daemons.filter(
    ({ tolerations = [] }) => repelledBy(place.taints, [...tolerations, ...CONTROLLER_TOLERATES]).length === 0,
  );
  if (tolerant.every((spec) => wishes.of(spec) === undefined)) return () => tolerant;
  const lists = new Map<string, readonly PodSpec[]>();
  return (shape) => {
    const comes = tolerant.map((spec) => {
      const wish = wishes.of(spec);
      return wish === undefined || wishes.holds(wish, { place, shape, test: mayHold });
    });
    const id = comes.map(Number).join("");
    const list = lists.get(id) ?? tolerant.filter((_, index) => comes[index]);
    lists.set(id, list);
    return list;
  };
}

/** S-209: where such a pod will run is not known. */
function claimsDevices(spec: PodSpec): boolean {
  const { resourceClaims = [] } = spec as { readonly resourceClaims?: readonly unknown[] };
  const claims = [...spec.containers, ...(spec.initContainers ?? [])].flatMap(
    ({ resources = {} }) => (resources as { readonly claims?: readonly unknown[] }).claims ?? [],
  );
  return resourceClaims.length + claims.length > 0;
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
