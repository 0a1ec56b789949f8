// What others do around a command: the Node of a machine that was ordered joins, and pods move from a node that is gone.

import { Label, NodeClaims, Nodes, Pods, type NodeClaim } from "../api/index.ts";
import type { ControllerHarness } from "./controller-harness.ts";

const CPU: Readonly<Record<string, string>> = { "m.2": "2", "m.8": "8" };

export async function joinReplacement(
  harness: ControllerHarness,
  { metadata, spec, status }: NodeClaim,
): Promise<void> {
  const { name = "", labels = {} } = metadata;
  const asked = spec.requirements.find(({ key }) => key === Label.InstanceType)?.values ?? [];
  const type = labels[Label.InstanceType] ?? (asked.includes("m.2") ? "m.2" : "m.8");
  const size = { cpu: CPU[type] ?? "8" };
  const all = {
    ...labels,
    [Label.InstanceType]: type,
    [Label.Zone]: "test-zone-1",
    [Label.Os]: "linux",
    [Label.Registered]: "true",
    [Label.Initialized]: "true",
  };
  const providerID = status?.providerID ?? `test:///${name}`;
  const nodePool = labels[Label.NodePool] ?? "default";
  await harness.putNode({ name, providerID, labels: all, nodePool, capacity: size, allocatable: size });
}

/** Nodes whose claims are gone go too, and their pods, each at least half a machine, run on the first node that has none. */
export async function podsMove(harness: ControllerHarness): Promise<void> {
  const { kube } = harness;
  const claims = new Set((await kube.list(NodeClaims)).items.map(({ metadata }) => metadata.name));
  const nodes = (await kube.list(Nodes)).items;
  const pods = (await kube.list(Pods)).items;
  const isStaying = ({ metadata }: { readonly metadata: { readonly name?: string } }) => claims.has(metadata.name);
  const taken = new Set(pods.map(({ spec }) => spec.nodeName));
  const free = nodes.filter((node) => isStaying(node) && !taken.has(node.metadata.name));
  for (const node of nodes.filter((each) => !isStaying(each))) {
    const { name = "" } = node.metadata;
    await kube.delete(Nodes, { name });
    for (const pod of pods.filter(({ spec }) => spec.nodeName === name)) {
      const target = free.shift()?.metadata.name;
      await kube.delete(
        Pods,
        { name: pod.metadata.name ?? "", namespace: pod.metadata.namespace ?? "" },
        { gracePeriodSeconds: 0 },
      );
      if (target === undefined) throw new Error(`pod ${pod.metadata.name} has lost its place`);
      const { labels = {}, namespace = "default", name: podName = "" } = pod.metadata;
      const spec = { ...pod.spec, nodeName: target };
      await harness.putPod({ ...pod, metadata: { name: podName, namespace, labels }, spec });
    }
  }
}
