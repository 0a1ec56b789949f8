// The real cluster behind a fake cloud: its machines join it as Nodes.

import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";
import { RealMachines } from "../real-cluster/real-machines.ts";
import { UsageError } from "./options.ts";

/** @throws UsageError when the file names no cluster */
export function clusterBehind(kubeconfig: string, signal: AbortSignal): MachineHooks {
  const clock = new SystemClock();
  try {
    const options = { kubeconfig, clock, logger: silentLogger, requestTimeout: seconds(10), userAgent: "fake-cloud" };
    return new RealMachines({ kube: createKubeClient(options), clock, signal });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--kubeconfig ${kubeconfig}: ${why}`, { cause: error });
  }
}
