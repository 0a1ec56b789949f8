// operatorpkg.<kind>.status: tells as events how the conditions of our objects change, so that `kubectl describe` shows the story (UX-3).

import {
  getCondition,
  NodeClaims,
  nodeClassLabel,
  NodeOverlays,
  NodePools,
  Nodes,
  conditionsOf,
  TERMINATION_FINALIZER,
  type ConditionedObject,
  type GroupKind,
  type Resource,
} from "../../api/index.ts";
import type { Informer } from "../../kube/index.ts";
import { onChange, type Controller, type ObjectChange, type Trigger } from "../../runtime/index.ts";
import type { ControllerDeps } from "../deps.ts";

type Deps = Pick<ControllerDeps, "cache" | "events" | "state" | "provider" | "overlays">;

interface Told<T extends ConditionedObject> {
  readonly resource: Resource<T>;
  readonly objects: Informer<T>;
  readonly trigger: Trigger;
  isOurs(object: T): boolean;
}

export function statusEventControllers(deps: Deps): readonly Controller[] {
  const { cache, state } = deps;
  const classes: readonly GroupKind[] = deps.provider.supportedNodeClasses();
  return [
    statusEvents(deps, {
      resource: NodePools,
      objects: cache.informer(NodePools),
      trigger: onChange(NodePools, nameOf),
      isOurs: ({ spec }) => state.isManaged(spec.template.spec.nodeClassRef),
    }),
    statusEvents(deps, {
      resource: NodeClaims,
      objects: cache.informer(NodeClaims),
      trigger: onChange(NodeClaims, nameOf),
      isOurs: ({ spec }) => state.isManaged(spec.nodeClassRef),
    }),
    statusEvents(deps, {
      resource: Nodes,
      objects: cache.informer(Nodes),
      trigger: onChange(Nodes, nameOf),
      isOurs: ({ metadata }) => classes.some((each) => metadata.labels?.[nodeClassLabel(each)] !== undefined),
    }),
    ...(deps.overlays ? [overlayEvents(deps)] : []),
  ];
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
  const seen = new Map<string, T>();
  return {
    name: `operatorpkg.${resource.kind.toLowerCase()}.status`,
    triggers: [told.trigger],
    async reconcile(name) {
      const before = seen.get(name);
      const now = told.objects.get({ name });
      if (now && told.isOurs(now)) seen.set(name, now);
      else seen.delete(name);
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
  return [(after ?? before)?.metadata.name ?? ""];
}
