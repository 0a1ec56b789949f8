// What was bought and is not there yet must not be bought again.

import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, NodePools } from "../../api/index.ts";
import { anInstanceType, aNodePool, anOffering, aPod, pods, type PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { nodeClaimLifecycleController } from "../nodeclaim-lifecycle/controller.ts";
import { provisioningController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function claimsAfter(ms: number): Promise<number> {
  await harness.pass(ms);
  return (await harness.kube.list(NodeClaims)).items.length;
}

/** No lifecycle controller runs: the claim is never launched. */
async function neverLaunched(pod: PodOptions, options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodePools, aNodePool());
  await harness.start(provisioningController(harness.deps));
  await harness.putPod(aPod({ name: "web", ...pod }));
}

describe("provisioner and machines on their way", () => {
  it("CS-3: pods planned on an unlaunched claim are planned there again, not on a second one", async () => {
    await neverLaunched({ requests: { cpu: "1" } });
    expect(await claimsAfter(1000)).toBe(1);
    expect(await claimsAfter(120_000)).toBe(1);
    const name = (await harness.kube.list(NodeClaims)).items[0]?.metadata.name ?? "";
    expect(new Set(harness.events.texts())).toEqual(
      new Set([`Normal Nominated Pod/web: Pod should schedule on: nodeclaim/${name}`]),
    );
  });

  it("CS-3: that holds for a pod that leaves a label open which only the machine settles", async () => {
    const types = [anInstanceType({ name: "arm", arch: "arm64" }), anInstanceType({ name: "amd", arch: "amd64" })];
    await neverLaunched({ requiredTerms: [[[Label.Arch, "In", "amd64", "arm64"]]] }, { types });
    expect(await claimsAfter(1000)).toBe(1);
    expect(await claimsAfter(120_000)).toBe(1);
  });

  it("CS-3: a newcomer gets a claim of its own when what was ordered is full", async () => {
    await neverLaunched({ requests: { cpu: "1" } });
    await harness.pass(1000);
    await harness.putPod(aPod({ name: "late", requests: { cpu: "1" } }));
    expect(await claimsAfter(60_000)).toBe(2);
  });

  it("a launched machine takes further pods with all it has, before its Node joins", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await harness.start(provisioningController(harness.deps), nodeClaimLifecycleController(harness.deps));
    await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
    await harness.pass(2000);
    for (const pod of pods(3, { name: "late", requests: { cpu: "1" } })) await harness.putPod(pod);
    expect(await claimsAfter(60_000)).toBe(1);
  });

  it("a claim that the cloud refuses is planned anew", async () => {
    const cheap = anInstanceType({ name: "m.4", offerings: [anOffering({ price: 0.1 })] });
    await neverLaunched({ requests: { cpu: "1" } }, { types: [cheap] });
    await harness.pass(1000);
    const [claim] = (await harness.kube.list(NodeClaims)).items;
    await harness.kube.delete(NodeClaims, { name: claim?.metadata.name ?? "" });
    expect(await claimsAfter(12_000)).toBe(1);
    expect((await harness.kube.list(NodeClaims)).items[0]?.metadata.name).not.toBe(claim?.metadata.name);
  });
});
