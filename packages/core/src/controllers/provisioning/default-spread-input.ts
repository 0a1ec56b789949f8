// What the cluster's default spread constraints work on: who says which pods belong together (S-427). Watched only where there are defaults.

import {
  ReplicaSets,
  ReplicationControllers,
  Services,
  StatefulSets,
  type KubeObject,
  type LabelSelector,
} from "../../api/index.ts";
import type { KubeCache } from "../../kube/index.ts";
import type { Settings } from "../../options/index.ts";
import type { DefaultSpreadInput, PodGrouping } from "../../scheduling/index.ts";

type Config = Pick<Settings, "schedulerConfig">;

export function watchDefaultSpread(cache: KubeCache, settings: Config): void {
  if (!hasDefaults(settings)) return;
  cache.informer(Services);
  cache.informer(ReplicationControllers);
  cache.informer(ReplicaSets);
  cache.informer(StatefulSets);
}

export function defaultSpreadInput(cache: KubeCache, settings: Config): DefaultSpreadInput | undefined {
  if (!hasDefaults(settings)) return undefined;
  const byLabels = (object: { readonly spec?: { readonly selector?: Readonly<Record<string, string>> } }) =>
    object.spec?.selector && { matchLabels: object.spec.selector };
  const owners = [
    ...cache
      .informer(Services)
      .list()
      .map((each) => grouping("Service", each, byLabels(each))),
    ...cache
      .informer(ReplicationControllers)
      .list()
      .map((each) => grouping("ReplicationController", each, byLabels(each))),
    ...cache
      .informer(ReplicaSets)
      .list()
      .map((each) => grouping("ReplicaSet", each, each.spec.selector)),
    ...cache
      .informer(StatefulSets)
      .list()
      .map((each) => grouping("StatefulSet", each, each.spec?.selector)),
  ];
  return { constraints: settings.schedulerConfig.defaultConstraints, owners };
}

function hasDefaults({ schedulerConfig }: Config): boolean {
  return schedulerConfig.defaultConstraints.length > 0;
}

function grouping(
  kind: PodGrouping["kind"],
  { metadata }: KubeObject,
  selector: LabelSelector | undefined,
): PodGrouping {
  const { namespace = "default", name = "", uid = "" } = metadata;
  return { kind, namespace, name, uid, ...(selector && { selector }) };
}
