import { describe, expect, it } from "vitest";
import { aJoinPlan, bootMachine, joiningSurroundings } from "../testing/cloud-init/index.ts";
import { joinTaints, kubeletLabels, renderUserData, resolveKubelet } from "./index.ts";

describe("reservations", () => {
  it.each([
    [1, "60m"],
    [2, "70m"],
    [4, "80m"],
    [8, "90m"],
    [96, "310m"],
  ])("W-7: of %i cores keep %s", (cores, cpu) => {
    expect(resolveKubelet({}, cores).kubeReserved).toEqual({ cpu, memory: "1465Mi", "ephemeral-storage": "1Gi" });
  });

  it("W-7: follow the number of pods and the class's own words", () => {
    expect(resolveKubelet({ maxPods: 30, kubeReserved: { cpu: "1" } }, 4)).toMatchObject({
      maxPods: 30,
      kubeReserved: { cpu: "1", memory: "585Mi" },
      evictionHard: { "memory.available": "100Mi", "nodefs.available": "10%" },
    });
  });

  it("C-41: are exactly what the machine then leaves to pods", async () => {
    const kubelet = resolveKubelet(
      { systemReserved: { cpu: "100m", memory: "100Mi" }, evictionHard: { "memory.available": "5%" } },
      2,
    );
    const result = await bootMachine(renderUserData(aJoinPlan({ kubelet })), await joiningSurroundings());
    // 8 Gi - 1465 Mi - 100 Mi - 5 % of 8 Gi; 40 Gi - 1 Gi - 10 % of 40 Gi
    expect(result).toMatchObject({
      joins: true,
      node: { status: { allocatable: { cpu: "1830m", memory: String(8192 * 2 ** 20 - 1565 * 2 ** 20 - 429496729) } } },
    });
  });
});

describe("labels that a kubelet sets", () => {
  it("C-71: are the claim's without those that only others may set, in order", () => {
    const labels = {
      "topology.kubernetes.io/zone": "z",
      "topology.kubernetes.io/rack": "r",
      "node.kubernetes.io/anything": "a",
      "kubelet.kubernetes.io/x": "x",
      "node-role.kubernetes.io/worker": "",
      "node-restriction.kubernetes.io/x": "x",
      "app.k8s.io/x": "x",
      "k8s.scaleway.com/pool": "p",
      "karpenter.k8s.cloudstack/zone-id": "1",
      "karpenter.sh/registered": "true",
      "karpenter.sh/initialized": "true",
      "karpenter.sh/nodepool": "general",
      "kubernetes.io/hostname": "h",
      plain: "",
    };
    expect(Object.keys(kubeletLabels(labels))).toEqual([
      "karpenter.k8s.cloudstack/zone-id",
      "karpenter.sh/nodepool",
      "kubelet.kubernetes.io/x",
      "node.kubernetes.io/anything",
      "plain",
      "topology.kubernetes.io/zone",
    ]);
  });

  it("C-71: come with the unregistered taint, once", () => {
    const unregistered = { key: "karpenter.sh/unregistered", effect: "NoExecute" } as const;
    expect(joinTaints([])).toEqual([unregistered]);
    expect(joinTaints([unregistered, { key: "a", effect: "NoSchedule" }, { key: "a", effect: "NoSchedule" }])).toEqual([
      { key: "a", effect: "NoSchedule" },
      unregistered,
    ]);
  });
});
