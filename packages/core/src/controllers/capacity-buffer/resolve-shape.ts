// Which pods a CapacityBuffer keeps room for: the template it names, directly or through what makes such pods (CB-1).

import {
  Deployments,
  PodTemplates,
  ReplicaSets,
  StatefulSets,
  type CapacityBuffer,
  type PodTemplate,
  type ScalableRef,
} from "../../api/index.ts";
import { isNotFound, type ObjectKey } from "../../kube/index.ts";
import type { ControllerDeps } from "../deps.ts";

export interface Shape {
  readonly template: PodTemplate;
  /** Of the PodTemplate, when there is one. */
  readonly generation?: number;
  /** How many replicas the scalable has, when there is one. */
  readonly scalable?: number;
}

export interface Unresolved {
  readonly reason: "ResolutionFailed" | "PodTemplateNotFound" | "ScalableRefNotFound";
  readonly message: string;
}

type Deps = Pick<ControllerDeps, "kube" | "cache">;

/** @throws what the API server answers besides that the object is not there */
export async function resolveShape(
  deps: Deps,
  { metadata, spec }: CapacityBuffer,
  signal: AbortSignal,
): Promise<Shape | Unresolved> {
  const namespace = metadata.namespace ?? "";
  if (spec.podTemplateRef) return fromPodTemplate(deps, { namespace, name: spec.podTemplateRef.name });
  if (spec.scalableRef) return await fromScalable(deps, namespace, spec.scalableRef, signal);
  return { reason: "ResolutionFailed", message: "neither podTemplateRef nor scalableRef is set" };
}

function fromPodTemplate({ cache }: Deps, key: ObjectKey): Shape | Unresolved {
  const found = cache.informer(PodTemplates).get(key);
  if (!found) return { reason: "PodTemplateNotFound", message: `PodTemplate ${key.name} does not exist` };
  const { generation } = found.metadata;
  return { template: found.template, ...(generation === undefined ? {} : { generation }) };
}

async function fromScalable(
  deps: Deps,
  namespace: string,
  { apiGroup, kind, name }: ScalableRef,
  signal: AbortSignal,
): Promise<Shape | Unresolved> {
  const group = apiGroup || "apps";
  const read = group === "apps" ? READERS.get(kind) : undefined;
  if (!read) {
    const message = `kind ${kind} of group ${group} cannot be used; write Deployment, StatefulSet or ReplicaSet of apps`;
    return { reason: "ResolutionFailed", message };
  }
  try {
    const { spec } = await read(deps, { namespace, name }, signal);
    if (!spec?.template) return { reason: "ResolutionFailed", message: `${kind} ${name} has no pod template` };
    return { template: spec.template, scalable: spec.replicas ?? 1 };
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return { reason: "ScalableRefNotFound", message: `${kind} ${name} does not exist` };
  }
}

interface Scalable {
  readonly spec?: { readonly replicas?: number; readonly template?: PodTemplate };
}

/** Asked for one by one: a mirror of all workloads would cost more than the few that are named. */
const READERS: ReadonlyMap<string, (deps: Deps, key: ObjectKey, signal: AbortSignal) => Promise<Scalable>> = new Map([
  ["Deployment", ({ kube }, key, signal): Promise<Scalable> => kube.get(Deployments, key, { signal })],
  ["StatefulSet", ({ kube }, key, signal): Promise<Scalable> => kube.get(StatefulSets, key, { signal })],
  ["ReplicaSet", ({ kube }, key, signal): Promise<Scalable> => kube.get(ReplicaSets, key, { signal })],
]);
