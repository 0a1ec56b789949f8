// What an eviction does: ask the budgets, note the disruption, then delete the pod.

import { matchesSelector, toRfc3339, type LabelSelector } from "../../api/index.ts";
import { KubeError, keyText, type ObjectKey } from "../../kube/index.ts";
import { forbidden, notFound } from "./answers.ts";
import { checkPreconditions, type Deleter } from "./deletion.ts";
import { objectAt, objectsAt, textAt, toDraft, type Stored } from "./json.ts";
import type { KindRules } from "./kind-rules.ts";
import { setCondition } from "./pods.ts";
import type { Store } from "./store.ts";

export interface EvictionParts {
  readonly store: Store;
  readonly deleter: Deleter;
  readonly pods: KindRules;
  readonly budgets: KindRules;
  readonly now: () => number;
}

/** Budgets this full of unconfirmed evictions refuse any more. */
const MOST_DISRUPTED = 2000;

/** @throws KubeError 404, 409, 429, 500 */
export function evictPod(parts: EvictionParts, key: ObjectKey, preconditions: { readonly uid?: string }): void {
  const { store, pods } = parts;
  const row = keyText(key);
  const pod = store.get(pods.id, row);
  if (pod === undefined) throw notFound(pods, key.name);
  if (!ignoresBudgets(pod)) askBudgets(parts, pod);
  checkPreconditions("Pod", pod, preconditions);
  const draft = toDraft(pod);
  const why = { reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" };
  setCondition(draft, { type: "DisruptionTarget", status: "True", ...why }, parts.now());
  store.put(pods.id, row, draft);
  parts.deleter.delete(pods, key, { preconditions });
}

function ignoresBudgets(pod: Stored): boolean {
  const phase = textAt(objectAt(pod, "status"), "phase");
  return ["Succeeded", "Failed", "Pending"].includes(phase) || pod.metadata.deletionTimestamp !== undefined;
}

function askBudgets(parts: EvictionParts, pod: Stored): void {
  const matching = [...parts.store.all(parts.budgets.id)].filter((budget) => covers(budget, pod));
  if (matching.length > 1) {
    const message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    throw new KubeError(500, "Unknown", message);
  }
  const [budget] = matching;
  if (budget !== undefined && !mayGoUnready(budget, pod)) takeDisruption(parts, budget, pod);
}

function covers(budget: Stored, pod: Stored): boolean {
  if (budget.metadata.namespace !== pod.metadata.namespace) return false;
  return matchesSelector(objectAt(budget, "spec")["selector"] as LabelSelector | undefined, pod.metadata.labels);
}

/** A pod that is not ready costs the budget nothing, as long as the rest is healthy or the budget does not care. */
function mayGoUnready(budget: Stored, pod: Stored): boolean {
  const conditions = objectsAt(objectAt(pod, "status"), "conditions");
  if (conditions.some((condition) => condition["type"] === "Ready" && condition["status"] === "True")) return false;
  if (textAt(objectAt(budget, "spec"), "unhealthyPodEvictionPolicy") === "AlwaysAllow") return true;
  const { currentHealthy, desiredHealthy } = numbersOf(budget);
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function takeDisruption({ store, budgets, now }: EvictionParts, budget: Stored, pod: Stored): void {
  const { observedGeneration, disruptionsAllowed } = numbersOf(budget);
  const name = budget.metadata.name ?? "";
  if (observedGeneration < (budget.metadata.generation ?? 0)) throw tooManyRequests(10);
  if (disruptionsAllowed < 0) throw forbidden(budgets, name, "pdb disruptions allowed is negative");
  if (disruptionsAllowed === 0) throw tooManyRequests(undefined);
  const draft = toDraft(budget);
  const status = objectAt(draft, "status");
  const disrupted = objectAt(status, "disruptedPods");
  if (Object.keys(disrupted).length > MOST_DISRUPTED) {
    throw forbidden(budgets, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  }
  status["disruptionsAllowed"] = disruptionsAllowed - 1;
  if (disruptionsAllowed === 1) status["conditions"] = [exhausted(observedGeneration, now())];
  status["disruptedPods"] = { ...disrupted, [pod.metadata.name ?? ""]: toRfc3339(now()) };
  store.put(budgets.id, keyText({ name, namespace: budget.metadata.namespace ?? "" }), draft);
}

function exhausted(observedGeneration: number, now: number): Record<string, unknown> {
  return {
    type: "DisruptionAllowed",
    status: "False",
    reason: "InsufficientPods",
    message: "",
    observedGeneration,
    lastTransitionTime: toRfc3339(now),
  };
}

function tooManyRequests(retryAfterSeconds: number | undefined): KubeError {
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  return new KubeError(429, "TooManyRequests", message, retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
}

interface BudgetNumbers {
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly disruptionsAllowed: number;
  readonly observedGeneration: number;
}

function numbersOf(budget: Stored): BudgetNumbers {
  const status = objectAt(budget, "status");
  const number = (key: string): number => Number(status[key] ?? 0);
  return {
    currentHealthy: number("currentHealthy"),
    desiredHealthy: number("desiredHealthy"),
    disruptionsAllowed: number("disruptionsAllowed"),
    observedGeneration: number("observedGeneration"),
  };
}
