// The launcher itself: what runs, who may do what, and what survives a crash.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import {
  CUSTOM_RESOURCES,
  Namespaces,
  NodePools,
  Nodes,
  Pods,
  toCustomResourceDefinition,
  type Pod,
  type Resource,
} from "@karpenter-multicloud/core/api";
import type { KubeClient } from "@karpenter-multicloud/core/kube";
import { createKubeClient } from "@karpenter-multicloud/core/kube/adapter";
import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { silentLogger } from "@karpenter-multicloud/core/telemetry";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareControlPlane, startControlPlane, type ControlPlane, type OptionalComponent } from "./index.ts";

const COMPONENTS: readonly OptionalComponent[] = ["scheduler", "controller-manager", "kwok"];
const ServiceAccounts: Resource = {
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
  namespaced: true,
};

const isThere = await prepareControlPlane("the launcher of the real control plane", COMPONENTS);

describe.runIf(isThere)("control plane", () => {
  let plane: ControlPlane;
  let admin: KubeClient;

  const clientOf = (kubeconfig: string): KubeClient =>
    createKubeClient({ kubeconfig, clock: new SystemClock(), logger: silentLogger });

  beforeAll(async () => {
    const crds = CUSTOM_RESOURCES.map(toCustomResourceDefinition);
    plane = await startControlPlane({ components: COMPONENTS, crds, users: [{ name: "visitor" }] });
    admin = clientOf(plane.kubeconfigPath);
  });

  afterAll(() => plane.stop());

  const aPod = (name: string, cpu: string): Pod => ({
    metadata: { name, namespace: "default" },
    spec: { containers: [{ name: "main", image: "example.com/main:1", resources: { requests: { cpu } } }] },
  });

  it("makes nodes ready, runs pods that fit and tells why others do not", async () => {
    const capacity = { cpu: "2", memory: "4Gi", pods: "10" };
    await admin.create(Nodes, { metadata: { name: "n1" }, status: { capacity, allocatable: capacity } });
    await admin.create(Pods, aPod("fits", "1"));
    await admin.create(Pods, aPod("too-big", "3"));
    const phase = async (): Promise<unknown> => {
      const { spec, status } = await admin.get(Pods, { name: "fits", namespace: "default" });
      return [spec.nodeName, status?.phase];
    };
    await expect.poll(phase).toEqual(["n1", "Running"]);
    const reason = async (): Promise<unknown> => {
      const { status } = await admin.get(Pods, { name: "too-big", namespace: "default" });
      return status?.conditions?.find(({ type }) => type === "PodScheduled")?.reason;
    };
    await expect.poll(reason).toBe("Unschedulable");
    expect((await admin.get(Nodes, { name: "n1" })).status?.allocatable).toMatchObject({ cpu: "2" });
  });

  it("lets pods end when they are deleted", async () => {
    await admin.create(Pods, aPod("short", "100m"));
    const key = { name: "short", namespace: "default" };
    await expect.poll(async () => (await admin.get(Pods, key)).status?.phase).toBe("Running");
    await admin.delete(Pods, key);
    await expect
      .poll(() =>
        admin.get(Pods, key).then(
          () => 200,
          (error: { code: number }) => error.code,
        ),
      )
      .toBe(404);
  });

  it("gives users and service accounts no right that RBAC does not give", async () => {
    await admin.create(Namespaces, { metadata: { name: "karpenter" } });
    await admin.create(ServiceAccounts, { metadata: { name: "controller", namespace: "karpenter" } });
    for (const user of ["visitor", "system:serviceaccount:karpenter:controller"]) {
      const client = clientOf(await plane.kubeconfig(user));
      await expect(client.list(NodePools)).rejects.toMatchObject({ code: 403, message: expect.stringContaining(user) });
    }
    await expect(plane.kubeconfig("nobody")).rejects.toThrow("user nobody is neither");
  });

  it("records who asked for what", async () => {
    await admin.get(Nodes, { name: "n1" });
    const records = async (): Promise<string> => readFile(plane.auditLogPath, "utf8");
    await expect.poll(records).toContain('"requestURI":"/api/v1/nodes/n1"');
    const visit = (await records()).split("\n").find((line) => line.includes('"username":"visitor"')) ?? "{}";
    expect(JSON.parse(visit)).toMatchObject({ level: "Metadata", verb: "list", responseStatus: { code: 403 } });
  });

  it("keeps its address and its data when a component is killed and started again", async () => {
    await plane.kill("kube-apiserver");
    await expect(admin.get(Nodes, { name: "n1" })).rejects.toMatchObject({ code: 0 });
    await plane.restart("kube-apiserver");
    await expect(admin.get(Nodes, { name: "n1" })).resolves.toMatchObject({ metadata: { name: "n1" } });
    await plane.restart("kube-scheduler");
  });

  it("leaves nothing behind when it is stopped", async () => {
    const other = await startControlPlane();
    const etcd = (await readFile(other.logPath("etcd"), "utf8")).length;
    expect(etcd).toBeGreaterThan(0);
    await other.stop();
    expect(existsSync(other.folder)).toBe(false);
    await expect(clientOf(plane.kubeconfigPath).list(Nodes)).resolves.toHaveProperty("items");
  });
});
