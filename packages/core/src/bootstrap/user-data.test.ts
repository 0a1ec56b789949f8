import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  aJoinPlan,
  bootMachine,
  joiningSurroundings,
  readUserData,
  TEST_CLUSTER,
} from "../testing/cloud-init/index.ts";
import { joinConfiguration, renderUserData } from "./index.ts";

const UUID_LOOKUPS = ["cloud-init query v1.instance_id", "cat /sys/class/dmi/id/product_uuid"];
const UUID = "6f9619ff-8b86-4011-b42d-00c04fc964ff";

describe("user data of a kubeadm machine", () => {
  it("T-50: joins with its provider id, its taints and the labels a kubelet may set", async () => {
    const result = await bootMachine(renderUserData(aJoinPlan()), await joiningSurroundings());
    expect(result).toMatchObject({
      joins: true,
      kubeletArgs: {
        "cloud-provider": "external",
        "hostname-override": "general-x7k2p",
        "node-labels":
          "karpenter.sh/capacity-type=on-demand,karpenter.sh/nodepool=general,node.kubernetes.io/instance-type=PRO2-S,team=ml,topology.kubernetes.io/zone=fr-par-2",
        "provider-id": "scaleway://instance/fr-par-2/6f9619ff-8b86-4011-b42d-00c04fc964ff",
        "register-with-taints": "dedicated=ml:NoSchedule,karpenter.sh/unregistered:NoExecute",
      },
      node: {
        metadata: { name: "general-x7k2p", labels: { team: "ml" } },
        status: { capacity: { pods: "110" }, allocatable: { cpu: "1930m", pods: "110" } },
      },
    });
  });

  it("W-47: speaks kubeadm's v1beta4 from 1.31 on and v1beta3 before", async () => {
    const old = { ...TEST_CLUSTER, kubernetesVersion: "v1.30.4" };
    const plan = aJoinPlan({ cluster: old });
    expect(parse(joinConfiguration(plan))).toMatchObject({
      apiVersion: "kubeadm.k8s.io/v1beta3",
      nodeRegistration: { kubeletExtraArgs: { "cloud-provider": "external" } },
    });
    const surroundings = await joiningSurroundings({ cluster: { version: "v1.30.4" } });
    expect(await bootMachine(renderUserData(plan), surroundings)).toMatchObject({ joins: true });
    expect(parse(joinConfiguration(aJoinPlan()))).toMatchObject({ apiVersion: "kubeadm.k8s.io/v1beta4" });
  });

  it("C-70: lets the machine find its own UUID", async () => {
    const plan = aJoinPlan();
    const node = { ...plan.node, providerID: { prefix: "external-cloudstack://", lookups: UUID_LOOKUPS } };
    const machine = { id: UUID, providerIDs: [`external-cloudstack://${UUID}`] };
    const result = await bootMachine(renderUserData({ ...plan, node }), await joiningSurroundings({ machine }));
    expect(result).toMatchObject({ joins: true, node: { spec: { providerID: `external-cloudstack://${UUID}` } } });
  });

  it("takes node-ip from the private network's interface", async () => {
    const plan = aJoinPlan();
    const node = { ...plan.node, nodeIPInterface: "02:00:00:11:22:33" };
    const machine = { addresses: { "02:00:00:11:22:33": "172.16.0.7" } };
    const result = await bootMachine(renderUserData({ ...plan, node }), await joiningSurroundings({ machine }));
    expect(result).toMatchObject({ joins: true, kubeletArgs: { "node-ip": "172.16.0.7" } });
  });

  it("is the same text for the same plan, and never upgrades packages", () => {
    const text = renderUserData(aJoinPlan());
    expect(renderUserData(aJoinPlan())).toBe(text);
    expect(text).toMatch(/^#cloud-config\n/);
    expect(text).not.toContain("package_upgrade");
  });

  it("keeps the token in one file that only root reads, and removes it after joining", () => {
    const { files, commands } = readUserData(renderUserData(aJoinPlan()));
    const holders = [...files].filter(([, { content }]) => content.includes("0123456789abcdef"));
    expect(holders.map(([path, { permissions }]) => [path, permissions])).toEqual([
      ["/etc/karpenter/join.yaml", "0600"],
    ]);
    expect(commands).toEqual(["bash /etc/karpenter/bootstrap.sh"]);
    expect(files.get("/etc/karpenter/bootstrap.sh")?.content).toContain("rm -f '/etc/karpenter/join.yaml'");
  });
});
