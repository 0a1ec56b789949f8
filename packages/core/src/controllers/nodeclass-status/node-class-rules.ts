// What is a provider's own about its kind of NodeClass.

import type { ConditionFamily, NodeClass, Resource } from "../../api/index.ts";
import type { EventRecorder, KubeClient } from "../../kube/index.ts";
import type { Clock } from "../../runtime/index.ts";
import type { Duration } from "../../units/index.ts";

export interface NodeClassRules<T extends NodeClass> {
  readonly conditions: ConditionFamily;
  /** Held while NodeClaims refer to the class. */
  readonly finalizer: string;
  /** The annotations that say what makes machines of the class differ. */
  readonly fingerprint: (nodeClass: T) => Readonly<Record<string, string>>;
  /** The condition without which no machine can be ordered when the cluster cuts our status off. */
  readonly orderingCondition: string;
  /** From one look at a ready class to the next. */
  readonly lookEvery: Duration;
  /** How long a class stays ready while the cloud does not answer. @defaultValue until it answers */
  readonly readyWithoutAnswer?: Duration;
  /** Whether status.lastSyncTime says when the class was last looked at. @defaultValue false */
  readonly tellsWhenLooked?: boolean;
}

export interface StatusPorts<T extends NodeClass> {
  readonly resource: Resource<T>;
  readonly rules: NodeClassRules<T>;
  readonly kube: KubeClient;
  readonly events: EventRecorder;
  readonly clock: Clock;
}
