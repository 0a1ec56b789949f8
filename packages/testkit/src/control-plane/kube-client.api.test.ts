// The client on a real API server shows the same facts as the one in memory.

import { CUSTOM_RESOURCES, toCustomResourceDefinition } from "@karpenter-multicloud/core/api";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { describeKubeClientContract } from "@karpenter-multicloud/core/testing/kube-contract";
import { describe } from "vitest";
import { prepareControlPlane, startControlPlane } from "./index.ts";

const isThere = await prepareControlPlane("the KubeClient contract on a real API server");

describe.runIf(isThere)("a real API server", () => {
  describeKubeClientContract("kube-apiserver", async () => {
    const plane = await startControlPlane({ crds: CUSTOM_RESOURCES.map(toCustomResourceDefinition) });
    const client = createKubeClient({
      kubeconfig: plane.kubeconfigPath,
      clock: new SystemClock(),
      logger: silentLogger,
    });
    return { client, clean: () => plane.stop(), compact: () => plane.compact() };
  });
});
