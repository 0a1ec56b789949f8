// Names under which the container knows each port. Symbol.for, so that two copies of a package agree.

import type { CustomResource } from "@karpenter-multicloud/core/api";
import type { BuiltProvider, ControllerDeps, Environment, Ports } from "@karpenter-multicloud/core/controllers";
import type { DecisionLedger } from "@karpenter-multicloud/core/decisions";
import type { KubeClient, KubeEventRecorder, Mirror } from "@karpenter-multicloud/core/kube";
import type { Settings } from "@karpenter-multicloud/core/options";
import type { LearnedMachines } from "@karpenter-multicloud/core/provider";
import type { ActionGate, Clock, ControllerManager } from "@karpenter-multicloud/core/runtime";
import type { ClusterState } from "@karpenter-multicloud/core/state";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import type { ServiceIdentifier } from "inversify";

function token<T>(name: string): ServiceIdentifier<T> {
  return Symbol.for(`@karpenter-multicloud/${name}`);
}

export const Token = {
  /** The way to the API server, without gate and cache. */
  RawKubeClient: token<KubeClient>("RawKubeClient"),
  KubeClient: token<KubeClient>("KubeClient"),
  KubeCache: token<Mirror>("KubeCache"),
  ActionGate: token<ActionGate>("ActionGate"),
  Clock: token<Clock>("Clock"),
  ClusterClock: token<Clock>("ClusterClock"),
  Logger: token<Logger>("Logger"),
  Metrics: token<Metrics>("Metrics"),
  Events: token<KubeEventRecorder>("EventRecorder"),
  Decisions: token<DecisionLedger>("DecisionLedger"),
  Settings: token<Settings>("Settings"),
  Environment: token<Environment>("Environment"),
  Random: token<() => number>("Random"),
  Ports: token<Ports>("Ports"),
  NodeClasses: token<readonly CustomResource[]>("NodeClasses"),
  Learned: token<LearnedMachines>("LearnedMachines"),
  Provider: token<BuiltProvider>("BuiltProvider"),
  ClusterState: token<ClusterState>("ClusterState"),
  ControllerDeps: token<ControllerDeps>("ControllerDeps"),
  Manager: token<ControllerManager>("ControllerManager"),
} as const;
