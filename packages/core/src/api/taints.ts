// The only place where taint keys and the finalizer are written, and what it means for a toleration to match.

import type { Taint, Toleration } from "./core-types.ts";

export const TERMINATION_FINALIZER = "karpenter.sh/termination";

export const UNREGISTERED_TAINT: Taint = { key: "karpenter.sh/unregistered", effect: "NoExecute" };
/** What is left of it while a registered node is about to open: nothing is scheduled there, and nothing is evicted (LC-26). */
export const OPENING_TAINT: Taint = { key: "karpenter.sh/unregistered", effect: "NoSchedule" };
export const DISRUPTED_TAINT: Taint = { key: "karpenter.sh/disrupted", effect: "NoSchedule" };

const EPHEMERAL_TAINTS: readonly Taint[] = [
  { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" },
  { key: "node.kubernetes.io/not-ready", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", effect: "NoSchedule" },
  { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" },
  UNREGISTERED_TAINT,
  OPENING_TAINT,
];

/** Taints are the same when key and effect are; the value never counts (as Karpenter v1.14). */
export function sameTaint(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}

export function hasTaint(taints: readonly Taint[] | undefined, taint: Taint): boolean {
  return taints?.some((t) => sameTaint(t, taint)) ?? false;
}

/** LC-26: what a node that registers keeps of the taint it joined with, until it opens. */
export function toOpening(taints: readonly Taint[]): readonly Taint[] {
  return taints.map((taint) => (sameTaint(taint, UNREGISTERED_TAINT) ? OPENING_TAINT : taint));
}

/** Taints that a starting node loses by itself and that are therefore overlooked until it is initialized (K-21). */
export function isEphemeralTaint(taint: Taint): boolean {
  return taint.key.startsWith("readiness.k8s.io/") || hasTaint(EPHEMERAL_TAINTS, taint);
}

/** `key[=value]:effect`, the form used in messages. */
export function formatTaint(taint: Taint): string {
  return `${taint.key}${taint.value ? `=${taint.value}` : ""}:${taint.effect}`;
}

/** S-223: key (empty with Exists = all), effect (empty = all) and value must match. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  const operator = toleration.operator ?? "Equal";
  if (!toleration.key) return operator === "Exists";
  if (toleration.key !== taint.key) return false;
  switch (operator) {
    case "Exists":
      return true;
    case "Equal":
      return (toleration.value ?? "") === (taint.value ?? "");
    case "Lt":
    case "Gt":
      return comparesNumerically(taint.value, operator, toleration.value);
  }
}

/** The first taint that no toleration covers, or undefined. */
export function untolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[] | undefined,
): Taint | undefined {
  return taints.find((taint) => !tolerations?.some((toleration) => tolerates(toleration, taint)));
}

function comparesNumerically(
  taintValue: string | undefined,
  operator: "Lt" | "Gt",
  wanted: string | undefined,
): boolean {
  const integer = /^-?(0|[1-9][0-9]*)$/;
  if (!integer.test(taintValue ?? "") || !integer.test(wanted ?? "")) return false;
  return operator === "Lt" ? Number(taintValue) < Number(wanted) : Number(taintValue) > Number(wanted);
}
