// Which DaemonSet pods a node will run besides its own pods, and what they need (S-224…S-228).

import type { Container, Pod, PodSpec, Taint, Toleration } from "../api/index.ts";
import { untolerated } from "../api/index.ts";
import type { Normalization, Requirements } from "../requirements/index.ts";
import { compareText } from "../units/index.ts";
import type { Resources } from "../units/index.ts";
import { hostPortsOf } from "./host-ports.ts";
import type { HostPort } from "./host-ports.ts";
import { usesDevices } from "./not-supported.ts";
import { podRequests } from "./pod-requests.ts";
import type { DaemonSetInput } from "./problem.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";

/** The pod a DaemonSet will put on each node that suits it. */
export interface DaemonPod {
  readonly name: string;
  readonly requests: Resources;
  readonly hostPorts: readonly HostPort[];
  /** OR-ed; none when it can run nowhere. */
  readonly terms: readonly Requirements[];
  readonly tolerations: readonly Toleration[];
}

/** PreferNoSchedule keeps nobody away for good, so it never excludes a DaemonSet (S-225). */
const TOLERATES_PREFERENCES: Toleration = { operator: "Exists", effect: "PreferNoSchedule" };

/** In name order. Those that claim devices are left out (S-209). */
export function daemonPods(inputs: readonly DaemonSetInput[], normalization?: Normalization): readonly DaemonPod[] {
  return inputs
    .map((input) => ({ name: nameOf(input), spec: representativeSpec(input) }))
    .filter(({ spec }) => !usesDevices(spec))
    .map(({ name, spec }) => ({
      name,
      requests: podRequests({ spec }),
      hostPorts: hostPortsOf({ spec }),
      terms: satisfiableTerms({ spec }, normalization).terms,
      tolerations: [...(spec.tolerations ?? []), TOLERATES_PREFERENCES],
    }))
    .toSorted((a, b) => compareText(a.name, b.name));
}

/** S-225: the terms under which it runs on nodes of a template; startup taints do not count. */
export function termsOnTemplate(
  daemon: DaemonPod,
  requirements: Requirements,
  taints: readonly Taint[],
  wellKnown: ReadonlySet<string>,
): readonly Requirements[] {
  if (untolerated(taints, daemon.tolerations) !== undefined) return [];
  return daemon.terms.filter((term) => requirements.isCompatible(term, wellKnown));
}

/** S-228: labels of a real node; nothing undefined is allowed. */
export function runsOnNode(daemon: DaemonPod, labels: Requirements, taints: readonly Taint[]): boolean {
  if (untolerated(taints, daemon.tolerations) !== undefined) return false;
  return daemon.terms.some((term) => labels.isCompatible(term));
}

export function isDaemonSetPod(pod: Pod): boolean {
  return (pod.metadata.ownerReferences ?? []).some(
    ({ apiVersion, kind }) => apiVersion === "apps/v1" && kind === "DaemonSet",
  );
}

function nameOf({ daemonSet }: DaemonSetInput): string {
  return `${daemonSet.metadata.namespace ?? "default"}/${daemonSet.metadata.name ?? ""}`;
}

/** S-224: the newest pod shows what admission made of the template; its affinity names one node and is not its own. */
function representativeSpec({ daemonSet, newestPod }: DaemonSetInput): PodSpec {
  const template = daemonSet.spec.template.spec;
  const spec = newestPod?.spec ?? withLimitsAsRequests(template);
  const templateTerms = template.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const ownTerms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const required = templateTerms ?? withoutNodeNames(ownTerms);
  const { affinity: _, ...rest } = spec;
  if (required === undefined) return rest;
  return { ...rest, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
}

type RequiredAffinity = NonNullable<
  NonNullable<NonNullable<PodSpec["affinity"]>["nodeAffinity"]>["requiredDuringSchedulingIgnoredDuringExecution"]
>;

/** The DaemonSet controller pins each pod to its node by matchFields; a term of only that says nothing about labels. */
function withoutNodeNames(required: RequiredAffinity | undefined): RequiredAffinity | undefined {
  const terms = (required?.nodeSelectorTerms ?? []).flatMap(({ matchExpressions }) =>
    matchExpressions?.length ? [{ matchExpressions }] : [],
  );
  return terms.length > 0 ? { nodeSelectorTerms: terms } : undefined;
}

/** As the server completes a pod when it is created. */
export function withLimitsAsRequests(spec: PodSpec): PodSpec {
  const withRequests = (container: Container): Container => ({
    ...container,
    resources: {
      ...container.resources,
      requests: { ...container.resources?.limits, ...container.resources?.requests },
    },
  });
  return {
    ...spec,
    containers: spec.containers.map(withRequests),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(withRequests) }),
  };
}
