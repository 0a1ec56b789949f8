// What the demo needs of a world, be it simulated or real: a clock to wait with, a cluster to put work on, a cloud, and controllers to start.

import type { KubeObject, Node, Pod } from "@karpenter-multicloud/core/api";
import type { KubeClient, ObjectKey } from "@karpenter-multicloud/core/kube";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";
import type { ControllerLife } from "./controller-life.ts";
import type { DemoCloud } from "./demo-cloud.ts";

export interface DemoClock extends Clock {
  /** Waits until the predicate holds (true) or the time is over (false). */
  until(predicate: () => boolean | Promise<boolean>, options: { readonly timeout: Duration }): Promise<boolean>;
}

export interface DemoCluster {
  readonly kube: KubeClient;
  /** As `kubectl apply`. */
  apply(objects: readonly KubeObject[]): Promise<readonly KubeObject[]>;
  /** As `kubectl scale deployment`. */
  scale(deployment: ObjectKey, replicas: number): Promise<void>;
  pods(): Promise<readonly Pod[]>;
  nodes(): Promise<readonly Node[]>;
}

export interface DemoWorld {
  readonly clock: DemoClock;
  readonly cluster: DemoCluster;
  readonly cloud: DemoCloud;
  /** The quick start with shorter waits, in a world where nobody can speed up time. */
  hurried?(objects: readonly KubeObject[]): readonly KubeObject[];
  startControllers(): ControllerLife;
  close(): Promise<void>;
}
