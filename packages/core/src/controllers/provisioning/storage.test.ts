// Scenarios of docs/reference/upstream-parity.md: E-223, E-225.

import { afterEach, describe, expect, it } from "vitest";
import {
  CSINodes,
  Label,
  NodeClaims,
  NodePools,
  PersistentVolumeClaims,
  PersistentVolumes,
  StorageClasses,
  type NodeClaim,
} from "../../api/index.ts";
import {
  anInstanceType,
  aNodePool,
  anOffering,
  aPersistentVolume,
  aPod,
  aStorageClass,
  aVolumeClaim,
  CSI_DRIVER,
  mounting,
  pods,
} from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

const ZONES = ["test-zone-1", "test-zone-2"];
const TYPE = anInstanceType({ offerings: ZONES.map((zone) => anOffering({ zone })) });

async function started(options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness({ types: [TYPE], ...options });
  await harness.put(NodePools, aNodePool());
  await harness.start(provisioningController(harness.deps));
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

async function putBoundVolume(zone: string): Promise<void> {
  await harness.put(PersistentVolumes, aPersistentVolume({ zones: [zone] }));
  await harness.put(PersistentVolumeClaims, aVolumeClaim({ volumeName: "pv-data" }));
}

const zoneOf = (claim: NodeClaim | undefined) => claim?.spec.requirements.find(({ key }) => key === Label.Zone)?.values;
const why = () => harness.events.withReason("FailedScheduling").map(({ message }) => message);

describe("provisioner and persistent volumes", () => {
  it("S-237: a pod with a bound claim gets a machine in the zone of its volume", async () => {
    await started();
    await putBoundVolume("test-zone-2");
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    const [claim, ...more] = await claims();
    expect(more).toEqual([]);
    expect(zoneOf(claim)).toEqual(["test-zone-2"]);
  });

  it("S-237: a pod whose claim waits for it gets a machine where the storage class allows volumes", async () => {
    await started();
    await harness.put(StorageClasses, aStorageClass({ topologies: [[Label.Zone, "test-zone-2"]] }));
    await harness.put(PersistentVolumeClaims, aVolumeClaim({ storageClassName: "late" }));
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    expect(zoneOf((await claims())[0])).toEqual(["test-zone-2"]);
  });

  it("S-206: a pod whose claim is missing learns it, and does not hold up others", async () => {
    await started();
    await harness.putPod(aPod({ name: "out", spec: mounting("data") }));
    await harness.putPod(aPod({ name: "in" }));
    await harness.pass(1100);
    expect(await claims()).toHaveLength(1);
    expect(why()).toEqual([
      "Failed to schedule pod, persistent volume claim default/data does not exist; create it, or take the volume off the pod",
    ]);
  });

  it("a pod is tried again as soon as its claim is there, not only after ten seconds", async () => {
    await started();
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    expect(await claims()).toEqual([]);
    await putBoundVolume("test-zone-1");
    await harness.pass(1100);
    expect(await claims()).toHaveLength(1);
  });

  it("so it is when its storage class appears", async () => {
    await started();
    await harness.put(PersistentVolumeClaims, aVolumeClaim({ storageClassName: "late" }));
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    expect(await claims()).toEqual([]);
    await harness.put(StorageClasses, aStorageClass());
    await harness.pass(1100);
    expect(await claims()).toHaveLength(1);
  });

  it("so it is when the volume of its claim appears", async () => {
    await started();
    await harness.put(PersistentVolumeClaims, aVolumeClaim({ volumeName: "pv-data" }));
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    expect(await claims()).toEqual([]);
    await harness.put(PersistentVolumes, aPersistentVolume());
    await harness.pass(1100);
    expect(await claims()).toHaveLength(1);
  });

  it("pods that do not use what changed are left to their ten seconds", async () => {
    await started();
    const refusals = () => harness.logger.lines.filter(({ message }) => message === "could not schedule pod").length;
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    await harness.put(PersistentVolumeClaims, aVolumeClaim({ name: "other" }));
    await harness.put(StorageClasses, aStorageClass({ name: "other" }));
    await harness.pass(5000);
    expect(refusals()).toBe(1);
    await harness.pass(6000);
    expect(refusals()).toBe(2);
  });

  it("S-235: a node whose CSINode says that it is full gets no more volumes", async () => {
    await started();
    await harness.putMachine("n1");
    await harness.put(CSINodes, {
      metadata: { name: "n1" },
      spec: { drivers: [{ name: CSI_DRIVER, nodeID: "n1", allocatable: { count: 1 } }] },
    });
    await harness.put(StorageClasses, aStorageClass());
    for (const [index, pod] of pods(2).entries()) {
      await harness.put(PersistentVolumeClaims, aVolumeClaim({ name: `c${index}`, storageClassName: "late" }));
      await harness.putPod({ ...pod, spec: { ...pod.spec, ...mounting(`c${index}`) } });
    }
    await harness.pass(1100);
    expect(await claims()).toHaveLength(2);
  });

  it("S-236: a machine on its way is full when its instance type says so", async () => {
    await started({ types: [{ ...TYPE, volumeLimits: { [CSI_DRIVER]: 1 } }] });
    await harness.putMachine("n1", {
      node: { labels: { [Label.InstanceType]: TYPE.name, [Label.Zone]: "test-zone-1" } },
    });
    await harness.put(StorageClasses, aStorageClass());
    for (const [index, pod] of pods(3).entries()) {
      await harness.put(PersistentVolumeClaims, aVolumeClaim({ name: `c${index}`, storageClassName: "late" }));
      await harness.putPod({ ...pod, spec: { ...pod.spec, ...mounting(`c${index}`) } });
    }
    await harness.pass(1100);
    // n1 takes one, two new ones take one each.
    expect(await claims()).toHaveLength(3);
  });

  it("S-233: what the cloud's machines cannot attach is refused with the reason", async () => {
    harness = new ControllerHarness({ types: [TYPE] });
    harness.provider.extra = { unsupportedVolumeProvisioners: [CSI_DRIVER] };
    await harness.put(NodePools, aNodePool());
    await harness.start(provisioningController(harness.deps));
    await putBoundVolume("test-zone-1");
    await harness.putPod(aPod({ spec: mounting("data") }));
    await harness.pass(1100);
    expect(await claims()).toEqual([]);
    expect(why().join()).toContain(`the machines of this cloud cannot attach volumes of ${CSI_DRIVER}`);
  });
});
