// The real cluster behind a fake cloud: its machines join it as Nodes.

import { hostAndPort, readKubeconfig } from "@karpenter-multicloud/core/bootstrap";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import type { MachineSurroundings } from "@karpenter-multicloud/core/testing/cloud-init";
import { seconds } from "@karpenter-multicloud/core/units";
import { VERSIONS } from "@karpenter-multicloud/testkit/control-plane";
import { readFile } from "node:fs/promises";
import { RealMachines } from "../real-cluster/real-machines.ts";
import { UsageError } from "../command-line/read-flags.ts";

/** @throws UsageError when the file names no cluster */
export function clusterBehind(kubeconfig: string, signal: AbortSignal): MachineHooks {
  return inUserWords(
    kubeconfig,
    () => new RealMachines({ kube: clientOf(kubeconfig), clock: new SystemClock(), signal }),
  );
}

export interface JoinableCluster {
  readonly hooks: MachineHooks;
  readonly cluster: MachineSurroundings["cluster"];
}

/** For machines that join by their own user data: also what they meet on their way. @throws UsageError */
export async function clusterToJoin(kubeconfig: string, signal: AbortSignal): Promise<JoinableCluster> {
  const hooks = clusterBehind(kubeconfig, signal);
  const text = await readFile(kubeconfig, "utf8");
  const { server, caBundle = "" } = inUserWords(kubeconfig, () => readKubeconfig(text));
  const kube = clientOf(kubeconfig);
  const version = VERSIONS.kubernetes;
  return { hooks, cluster: { kube, endpoints: [hostAndPort(server)], caBundle, version } };
}

function clientOf(kubeconfig: string): KubeClient {
  const clock = new SystemClock();
  return createKubeClient({
    kubeconfig,
    clock,
    logger: silentLogger,
    requestTimeout: seconds(60),
    userAgent: "fake-cloud",
  });
}

function inUserWords<Result>(kubeconfig: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--kubeconfig ${kubeconfig}: ${why}`, { cause: error });
  }
}
