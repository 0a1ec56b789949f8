// Which spread constraints hold for a pod: its own, or where it has none the cluster's defaults for the pods it belongs with (S-427).

import { matchesSelector } from "../api/index.ts";
import type { LabelSelector, Pod, TopologySpreadConstraint } from "../api/index.ts";
import { compareText, sortedKeys } from "../units/index.ts";
import type { DefaultSpreadInput, PodGrouping } from "./problem.ts";

/** Answers without changing or copying the pod; `whenUnsatisfiable` says whether a constraint may be given up. */
export type SpreadReader = (pod: Pod) => readonly TopologySpreadConstraint[];

const NONE: readonly TopologySpreadConstraint[] = [];

export const ownSpread: SpreadReader = ({ spec }) => spec.topologySpreadConstraints ?? NONE;

/** Remembers what it found for pods of one owner with the same labels. */
export function spreadReader(defaults: DefaultSpreadInput | undefined): SpreadReader {
  if (defaults === undefined || defaults.constraints.length === 0) return ownSpread;
  const groupings = new Groupings(defaults.owners);
  const known = new Map<string, readonly TopologySpreadConstraint[]>();
  return (pod) => {
    const own = ownSpread(pod);
    if (own.length > 0) return own;
    const key = identityOf(pod);
    const found = known.get(key) ?? constraintsFor(groupings.selectorOf(pod), defaults);
    known.set(key, found);
    return found;
  };
}

function constraintsFor(
  selector: LabelSelector | undefined,
  { constraints }: DefaultSpreadInput,
): readonly TopologySpreadConstraint[] {
  if (selector === undefined) return NONE;
  return constraints.map(({ maxSkew, topologyKey, whenUnsatisfiable }) => ({
    maxSkew,
    topologyKey,
    whenUnsatisfiable,
    labelSelector: selector,
  }));
}

/** kube-scheduler's own way from a pod to the selector of those it is to be spread among. */
class Groupings {
  readonly #services: ReadonlyMap<string, readonly PodGrouping[]>;
  readonly #controllers: ReadonlyMap<string, PodGrouping>;

  constructor(owners: readonly PodGrouping[]) {
    const services = owners.filter(({ kind }) => kind === "Service").toSorted((a, b) => compareText(a.name, b.name));
    this.#services = Map.groupBy(services, ({ namespace }) => namespace);
    const controllers = owners.filter(({ kind }) => kind !== "Service");
    this.#controllers = new Map(controllers.map((owner) => [controllerKey(owner), owner]));
  }

  /** Undefined when nothing says which pods belong together. */
  selectorOf(pod: Pod): LabelSelector | undefined {
    const namespace = pod.metadata.namespace ?? "default";
    const labels: Record<string, string> = {};
    for (const { selector } of this.#services.get(namespace) ?? []) {
      if (matchesSelector(selector, pod.metadata.labels)) Object.assign(labels, selector?.matchLabels);
    }
    const owner = this.#controllerOf(pod, namespace);
    if (owner?.kind === "ReplicationController") return orNothing({ ...labels, ...owner.selector?.matchLabels }, []);
    return orNothing(labels, owner === undefined ? [] : expressionsOf(owner.selector));
  }

  #controllerOf(pod: Pod, namespace: string): PodGrouping | undefined {
    const reference = (pod.metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
    if (reference === undefined) return undefined;
    const { kind, name, apiVersion } = reference;
    const expected = kind === "ReplicationController" ? "v1" : "apps/v1";
    return apiVersion === expected ? this.#controllers.get(controllerKey({ kind, namespace, name })) : undefined;
  }
}

/** As expressions, so that a label that contradicts a Service's is kept beside it and the two select nothing. */
function expressionsOf(selector: LabelSelector | undefined): NonNullable<LabelSelector["matchExpressions"]> {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  const equal = sortedKeys(matchLabels).map((key) => ({
    key,
    operator: "In" as const,
    values: [matchLabels[key] ?? ""],
  }));
  return [...equal, ...matchExpressions];
}

function orNothing(
  matchLabels: Readonly<Record<string, string>>,
  matchExpressions: NonNullable<LabelSelector["matchExpressions"]>,
): LabelSelector | undefined {
  if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
  return { matchLabels, ...(matchExpressions.length > 0 && { matchExpressions }) };
}

function controllerKey({ kind, namespace, name }: Pick<PodGrouping, "namespace" | "name"> & { kind: string }): string {
  return `${kind} ${namespace}/${name}`;
}

/** All that the constraints of a pod without its own depend on. */
function identityOf({ metadata: { namespace, labels = {}, ownerReferences } }: Pod): string {
  const owner = (ownerReferences ?? []).find(({ controller }) => controller === true);
  const own = sortedKeys(labels).map((key) => [key, labels[key]]);
  return JSON.stringify([namespace, owner?.kind, owner?.name, owner?.uid, own]);
}
