// One pod as the solve sees it: read once, then tried in several ways.

import { tolerates } from "../api/index.ts";
import type { Pod, Toleration } from "../api/index.ts";
import type { Normalization, Requirements } from "../requirements/index.ts";
import { compareText } from "../units/index.ts";
import type { Resources } from "../units/index.ts";
import { hostPortsOf } from "./host-ports.ts";
import type { HostPort } from "./host-ports.ts";
import { domainsToAvoid } from "./inverse-anti-affinity.ts";
import type { RefusedDomain } from "./inverse-anti-affinity.ts";
import { podRequests } from "./pod-requests.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";

export interface PodToPlace {
  readonly pod: Pod;
  readonly requests: Resources;
  readonly hostPorts: readonly HostPort[];
  /** Domains closed by the anti-affinity of pods that run there. */
  readonly avoid: Requirements;
  /** In the order they are tried; each gives up a little more than the one before. Never empty for a valid pod. */
  readonly attempts: readonly Attempt[];
  /** Equal for pods that every candidate treats alike. */
  readonly signature: string;
}

export interface Attempt {
  readonly requirements: Requirements;
  readonly tolerations: readonly Toleration[];
  /** What was given up to get here. */
  readonly relaxed: readonly string[];
}

export interface PodReading {
  readonly refused: readonly RefusedDomain[];
  /** Whether some pool or node has a PreferNoSchedule taint (S-323 step 6, S-328). */
  readonly preferencesAreTainted: boolean;
  readonly normalization?: Normalization;
}

const TOLERATE_PREFERENCES: Toleration = { operator: "Exists", effect: "PreferNoSchedule" };

/** QuantityError or RangeError for requests that cannot be planned with. */
export function readPod(pod: Pod, reading: PodReading): PodToPlace {
  const requests = podRequests(pod);
  const hostPorts = hostPortsOf(pod);
  const avoid = domainsToAvoid(pod, reading.refused);
  const { nodeSelector, tolerations, affinity } = pod.spec;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return {
    pod,
    requests,
    hostPorts,
    avoid,
    attempts: attemptsOf(pod, reading),
    signature: JSON.stringify([nodeSelector, tolerations, required, requests, hostPorts, avoid.toSpecs()]),
  };
}

/** S-313: large pods first, old ones before young ones. */
export function compareForQueue(a: PodToPlace, b: PodToPlace): number {
  return (
    (b.requests["cpu"] ?? 0) - (a.requests["cpu"] ?? 0) ||
    (b.requests["memory"] ?? 0) - (a.requests["memory"] ?? 0) ||
    compareText(a.pod.metadata.creationTimestamp ?? "", b.pod.metadata.creationTimestamp ?? "") ||
    compareText(a.pod.metadata.uid ?? "", b.pod.metadata.uid ?? "") ||
    compareText(podKey(a.pod), podKey(b.pod))
  );
}

export function podKey(pod: Pod): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name ?? ""}`;
}

/** S-323 steps 1 and 6. Preferences are not looked at, so the steps between have nothing to remove (S-327). */
function attemptsOf(pod: Pod, reading: PodReading): readonly Attempt[] {
  const tolerations = pod.spec.tolerations ?? [];
  const { terms } = satisfiableTerms(pod, reading.normalization);
  const attempts: Attempt[] = terms.map((requirements, index) => ({
    requirements,
    tolerations,
    relaxed: terms.slice(0, index).map((term) => `required node affinity term ${term.toString()}`),
  }));
  const last = attempts.at(-1);
  if (last !== undefined && reading.preferencesAreTainted && !toleratesPreferences(tolerations)) {
    attempts.push({
      requirements: last.requirements,
      tolerations: [...tolerations, TOLERATE_PREFERENCES],
      relaxed: [...last.relaxed, "avoiding PreferNoSchedule taints"],
    });
  }
  return attempts;
}

function toleratesPreferences(tolerations: readonly Toleration[]): boolean {
  const anyPreference = { key: "any", effect: "PreferNoSchedule" } as const;
  return tolerations.some((toleration) => !toleration.key && tolerates(toleration, anyPreference));
}
