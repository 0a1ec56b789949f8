// The machines of a fake cloud on a real control plane: their Nodes become ready when the cloud says so, and an absent API server is waited for.

import { DISRUPTED_TAINT, getCondition, Nodes, Pods, type Node, type Pod } from "@karpenter-multicloud/core/api";
import { isNotFound, type KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { seconds } from "@karpenter-multicloud/core/units";
import {
  prepareControlPlane,
  startControlPlane,
  type ControlPlane,
  type OptionalComponent,
} from "@karpenter-multicloud/testkit/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT_MS, PATIENCE } from "./patience.ts";
import { RealClock } from "./real-clock.ts";
import { RealMachines } from "./real-machines.ts";

const COMPONENTS: readonly OptionalComponent[] = ["scheduler", "controller-manager", "kwok"];
const isThere = await prepareControlPlane("machines of a fake cloud on a real control plane", COMPONENTS);

describe.runIf(isThere)("machines of a fake cloud on a real control plane", { timeout: LIMIT_MS }, () => {
  const clock = new RealClock();
  const over = new AbortController();
  let plane: ControlPlane;
  let kube: KubeClient;
  let machines: RealMachines;

  beforeAll(async () => {
    plane = await startControlPlane({ components: COMPONENTS });
    const kubeconfig = plane.kubeconfigPath;
    kube = createKubeClient({ kubeconfig, clock, logger: silentLogger, requestTimeout: PATIENCE });
    machines = new RealMachines({ kube, clock, signal: over.signal });
  }, LIMIT_MS);

  afterAll(async () => {
    over.abort(new Error("the test is over"));
    await plane.stop();
  });

  const readiness = async (name: string): Promise<string | undefined> =>
    getCondition(await kube.get(Nodes, { name }), "Ready")?.status;
  const phase = async (name: string): Promise<unknown> => {
    const { spec, status } = await kube.get<Pod>(Pods, { name, namespace: "default" });
    return [spec.nodeName, status?.phase];
  };

  it("makes a Node ready when the cloud says so and not before; then pods run on it", async () => {
    await kube.create(Nodes, aNode("plain"));
    await machines.nodeJoins(aNode("m1"));
    await kube.create(Pods, aPod("waiting", "m1"));
    // kwok has had time enough for the first, by which the second would be ready if kwok decided.
    await expect.poll(() => readiness("plain")).toBe("True");
    await clock.sleep(seconds(1));
    expect(await readiness("m1")).toBe("False");
    expect(await phase("waiting")).toEqual([undefined, "Pending"]);
    await machines.nodeReady("m1");
    expect(await readiness("m1")).toBe("True");
    await expect.poll(() => phase("waiting")).toEqual(["m1", "Running"]);
  });

  it("stays not ready when the cloud says so", async () => {
    await machines.nodeNotReady("m1");
    await clock.sleep(seconds(3));
    expect(await readiness("m1")).toBe("Unknown");
  });

  it("tells its news when the API server is back", async () => {
    await plane.kill("kube-apiserver");
    const told = machines.nodeEdited("m1", { addTaints: [DISRUPTED_TAINT], labels: { news: "old" } });
    await clock.sleep(seconds(1));
    await plane.restart("kube-apiserver");
    await told;
    expect((await kube.get(Nodes, { name: "m1" })).metadata.labels).toMatchObject({ news: "old" });
  });

  it("takes its pods and its Node with it when it goes", async () => {
    await machines.nodeLeaves("m1");
    expect(await machines.nodeExists("m1")).toBe(false);
    await expect(kube.get(Pods, { name: "waiting", namespace: "default" })).rejects.toSatisfy(isNotFound);
  });
});

function aNode(name: string): Node {
  const capacity = { cpu: "2", memory: "4Gi", pods: "10" };
  return { metadata: { name }, status: { capacity, allocatable: capacity } };
}

function aPod(name: string, node: string): Pod {
  const containers = [{ name: "main", image: "example.com/main:1", resources: { requests: { cpu: "1" } } }];
  return {
    metadata: { name, namespace: "default" },
    spec: { containers, nodeSelector: { "kubernetes.io/hostname": node } },
  };
}
