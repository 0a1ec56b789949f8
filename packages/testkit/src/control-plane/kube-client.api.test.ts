// The client on a real API server shows the same facts as the one in memory.

import { CUSTOM_RESOURCES, toCustomResourceDefinition } from "@karpenter-multicloud/core/api";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { describeKubeClientContract } from "@karpenter-multicloud/core/testing/kube-contract";
import { describe } from "vitest";
import { prepareControlPlane, startControlPlane } from "./index.ts";

const isThere = await prepareControlPlane("the KubeClient contract on a real API server");
const crds = CUSTOM_RESOURCES.map(toCustomResourceDefinition);
// Before the suite, whose set-up has no time of its own to start it in.
const plane = isThere ? await startControlPlane({ crds }) : undefined;

describe.runIf(plane !== undefined)("a real API server", () => {
  describeKubeClientContract("kube-apiserver", () => {
    if (plane === undefined) throw new Error("the control plane has not been started");
    const options = { kubeconfig: plane.kubeconfigPath, clock: new SystemClock(), logger: silentLogger };
    return Promise.resolve({
      client: createKubeClient(options),
      clean: () => plane.stop(),
      compact: () => plane.forgetHistory(),
    });
  });
});
