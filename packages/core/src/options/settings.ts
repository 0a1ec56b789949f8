// Process-wide settings, parsed once into one frozen object (flags win over environment).

import type { Duration } from "../units/index.ts";
import type { FeatureGates } from "./feature-gates.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";

export interface Settings {
  /** Written on every machine we own. Empty on ovh only: the id of the cluster then stands for it. */
  readonly clusterName: string;
  /** Path of the file that tells the API server and who we are to it; empty looks where kubectl looks, then at the pod's service account. */
  readonly kubeconfig: string;
  readonly mode: "act" | "observe";
  readonly metricsPort: number;
  readonly healthProbePort: number;
  readonly logLevel: "debug" | "info" | "error";
  /** stdout, stderr or paths of files. */
  readonly logOutputPaths: readonly string[];
  /** Where failures of the log itself are told. */
  readonly logErrorOutputPaths: readonly string[];
  readonly batchIdleDuration: Duration;
  readonly batchMaxDuration: Duration;
  /** DX-23. */
  readonly taintSettleTime: Duration;
  readonly launchTimeout: Duration;
  readonly registrationTimeout: Duration;
  /** Infinity by default: Karpenter waits for ever (LC-30). */
  readonly initializationTimeout: Duration;
  readonly preferencePolicy: "Respect" | "Ignore";
  readonly minValuesPolicy: "Strict" | "BestEffort";
  /** Pods that ask for devices are left waiting with a reason (S-209). */
  readonly ignoreDraRequests: boolean;
  readonly schedulerConfig: SchedulerConfig;
  readonly kubeClientQps: number;
  readonly kubeClientBurst: number;
  /** Of all NodePools together, those on their way out included; 0 is no limit. */
  readonly maxNodes: number;
  /** NodeClaims worked on at once (LC-12). */
  readonly lifecycleConcurrency: number;
  /** Millicores; taken and not used. */
  readonly cpuRequests: number;
  /** Bytes; -1 is none (RT-45). */
  readonly memoryLimit: number;
  /** Serves profiles and the cluster's state on the metrics port (OP-5). */
  readonly enableProfiling: boolean;
  /** False fills the caches before the lease is won (RT-39). */
  readonly disableControllerWarmup: boolean;
  /** Taken and not used. */
  readonly karpenterService: string;
  /** True runs everything at once, without a lease (RT-38). */
  readonly disableLeaderElection: boolean;
  /** True leaves out the metrics and events that there are for each object (M-47). */
  readonly disableClusterStateObservability: boolean;
  readonly leaderElectionName: string;
  /** Empty is the pod's own namespace. */
  readonly leaderElectionNamespace: string;
  readonly featureGates: FeatureGates;
}
