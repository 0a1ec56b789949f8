// operatorpkg.<kind>.status: tells as events (UX-3) and as metrics (M-35) how the conditions of our objects change.

import {
  CapacityBuffers,
  getCondition,
  Label,
  NodeClaims,
  nodeClassLabel,
  NodeOverlays,
  NodePools,
  Nodes,
  conditionsOf,
  TERMINATION_FINALIZER,
  type ConditionedObject,
  type CustomResource,
  type GroupKind,
  type Resource,
} from "../../api/index.ts";
import { keyOf, keyText, parseKey, type Informer } from "../../kube/index.ts";
import { onChange, type Controller, type ObjectChange, type Trigger } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { ConditionMetrics, type ConditionMetricsOf } from "./condition-metrics.ts";

type Deps = Pick<
  ControllerDeps,
  "cache" | "events" | "state" | "provider" | "overlays" | "buffers" | "metrics" | "clock"
>;

interface Told<T extends ConditionedObject> {
  readonly resource: Resource<T>;
  readonly objects: Informer<T>;
  readonly trigger: Trigger;
  isOurs(object: T): boolean;
  readonly metrics?: Partial<ConditionMetricsOf>;
}

/** `nodeClasses` are the provider's. */
export function statusEventControllers(deps: Deps, nodeClasses: readonly CustomResource[] = []): readonly Controller[] {
  const { cache, state } = deps;
  const classes: readonly GroupKind[] = deps.provider.supportedNodeClasses();
  // M-46.
  const claimLabels = [...classes.map(nodeClassLabel), Label.NodePool];
  return [
    statusEvents(deps, {
      resource: NodePools,
      objects: cache.informer(NodePools),
      trigger: onChange(NodePools, nameOf),
      isOurs: ({ spec }) => state.isManaged(spec.template.spec.nodeClassRef),
      metrics: { oldNames: true },
    }),
    statusEvents(deps, {
      resource: NodeClaims,
      objects: cache.informer(NodeClaims),
      trigger: onChange(NodeClaims, nameOf),
      isOurs: ({ spec }) => state.isManaged(spec.nodeClassRef),
      metrics: { oldNames: true, labelKeys: claimLabels },
    }),
    statusEvents(deps, {
      resource: Nodes,
      objects: cache.informer(Nodes),
      trigger: onChange(Nodes, nameOf),
      isOurs: ({ metadata }) => classes.some((each) => metadata.labels?.[nodeClassLabel(each)] !== undefined),
      metrics: { labelKeys: [...claimLabels, Label.Initialized] },
    }),
    ...nodeClasses.map(({ resource }) =>
      statusEvents(deps, {
        resource,
        objects: cache.informer(resource),
        trigger: onChange(resource, nameOf),
        isOurs: () => true,
      }),
    ),
    ...(deps.overlays ? [overlayEvents(deps)] : []),
    ...(deps.buffers ? [bufferEvents(deps)] : []),
  ];
}

function bufferEvents(deps: Deps): Controller {
  return statusEvents(deps, {
    resource: CapacityBuffers,
    objects: deps.cache.informer(CapacityBuffers),
    trigger: onChange(CapacityBuffers, nameOf),
    isOurs: () => true,
  });
}

/** They belong to all autoscalers of a cluster. */
function overlayEvents(deps: Deps): Controller {
  return statusEvents(deps, {
    resource: NodeOverlays,
    objects: deps.cache.informer(NodeOverlays),
    trigger: onChange(NodeOverlays, nameOf),
    isOurs: () => true,
  });
}

/** What this process saw last is what it compares with; a first sight, and so a restart, tells nothing. */
function statusEvents<T extends ConditionedObject>(deps: Deps, { resource, ...told }: Told<T>): Controller {
  const { group, kind } = resource;
  const metrics = new ConditionMetrics(deps, { group, kind, labelKeys: [], ...told.metrics });
  const seen = new Map<string, T>();
  return {
    name: `operatorpkg.${resource.kind.toLowerCase()}.status`,
    triggers: [told.trigger],
    async reconcile(key) {
      const before = seen.get(key);
      const now = told.objects.get(parseKey(key));
      if (now && told.isOurs(now)) seen.set(key, now);
      else seen.delete(key);
      const ours = seen.get(key);
      const isSame = before?.metadata.uid === ours?.metadata.uid;
      if (before && !isSame) metrics.see(before, undefined);
      if (ours) metrics.see(isSame ? before : undefined, ours);
      if (!before) return undefined;
      // A namesake is another object: the one we knew is gone.
      const after = now?.metadata.uid === before.metadata.uid ? now : undefined;
      for (const { reason, message } of [...transitions(before, after), ...finalized(before, after)]) {
        deps.events.publish({ resource, object: before, type: "Normal", reason, message });
      }
      return undefined;
    },
  };
}

interface Line {
  readonly reason: string;
  readonly message: string;
}

/** A condition that was not there counts as Unknown; one that is removed is no transition. */
function transitions(before: ConditionedObject, after: ConditionedObject | undefined): readonly Line[] {
  return (after ? conditionsOf(after) : []).flatMap(({ type, status, reason = "", message = "" }) => {
    const old = getCondition(before, type)?.status ?? "Unknown";
    if (old === status) return [];
    const detail = message === "" ? "" : `, Message: ${message}`;
    const text = `Status condition transitioned, Type: ${type}, Status: ${old} -> ${status}, Reason: ${reason}${detail}`;
    return [{ reason: type, message: text }];
  });
}

function finalized(before: ConditionedObject, after: ConditionedObject | undefined): readonly Line[] {
  if (!isHeld(before) || (after && isHeld(after))) return [];
  return [{ reason: "Finalized", message: `Finalized ${TERMINATION_FINALIZER}` }];
}

function isHeld({ metadata }: ConditionedObject): boolean {
  return metadata.finalizers?.includes(TERMINATION_FINALIZER) === true;
}

function nameOf({ before, after }: ObjectChange<ConditionedObject>): readonly string[] {
  const object = after ?? before;
  return object ? [keyText(keyOf(object))] : [];
}
