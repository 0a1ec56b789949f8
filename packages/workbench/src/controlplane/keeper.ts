// The background process of `pnpm controlplane up`: holds the control plane until its folder says stop.

import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { CUSTOM_RESOURCES, toCustomResourceDefinition } from "@karpenter-multicloud/core/api";
import { CLOUDSTACK_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-cloudstack";
import { OVH_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-ovh";
import { SCALEWAY_CUSTOM_RESOURCES } from "@karpenter-multicloud/provider-scaleway";
import { startControlPlane } from "@karpenter-multicloud/testkit/control-plane";
import { ALL_COMPONENTS, stopFile, writeKeeperState, type KeeperMessage } from "./keeper-state.ts";

/** Those of charts/crds. */
const DEFINED = [
  ...CUSTOM_RESOURCES,
  ...OVH_CUSTOM_RESOURCES,
  ...SCALEWAY_CUSTOM_RESOURCES,
  ...CLOUDSTACK_CUSTOM_RESOURCES,
];

const POLL_MS = 200;

async function keep(folder: string, withDefinitions: boolean): Promise<void> {
  const crds = withDefinitions ? DEFINED.map(toCustomResourceDefinition) : [];
  await using plane = await startControlPlane({ components: ALL_COMPONENTS, crds, folder });
  await writeKeeperState(plane.folder, { pid: process.pid, kubeconfig: plane.kubeconfigPath });
  tell({ kubeconfig: plane.kubeconfigPath });
  const asked = new AbortController();
  process.on("SIGTERM", () => {
    asked.abort();
  });
  // Also when somebody removed the folder.
  while (!asked.signal.aborted && existsSync(plane.kubeconfigPath) && !existsSync(stopFile(plane.folder)))
    await sleep(POLL_MS);
}

/** The listener leaves after the first message. */
function tell(message: KeeperMessage): void {
  process.send?.(message, undefined, {}, () => {
    if (process.connected) process.disconnect();
  });
}

const [folder = "", crds] = process.argv.slice(2);
try {
  await keep(folder, crds === "--crds");
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
