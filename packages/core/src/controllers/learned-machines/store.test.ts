import { afterEach, describe, expect, it } from "vitest";
import { ConfigMaps, Namespaces } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { kindOfMachine, LearnedMachines, readRecords, writeRecords } from "../../provider/index.ts";
import { TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { allocatableFrom, hours, minutes } from "../../units/index.ts";
import { learnedStoreController } from "./store.ts";

const PLACE = { namespace: "karpenter", name: "karpenter-learned-test" };
const ENTRY = "machines.json";
let harness: ControllerHarness;
let learned: LearnedMachines;
afterEach(() => harness.stop());

async function world(options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  learned = new LearnedMachines(() => harness.clock.now());
  await harness.kube.create(Namespaces, { metadata: { name: PLACE.namespace } });
}

async function start(): Promise<void> {
  await harness.start(learnedStoreController(harness.deps, learned, PLACE));
}

function see(machines: LearnedMachines, memory: string, instanceType = "m.4"): void {
  const size = allocatableFrom({ cpu: "4", memory, pods: "110", "ephemeral-storage": "100Gi" });
  machines.observe(kindOfMachine(TEST_CLASS, instanceType), "v1.34.1", { capacity: size, allocatable: size });
}

/** What another process would write. */
function textOf(memory: string, instanceType = "m.4"): string {
  const other = new LearnedMachines(() => harness.clock.now());
  see(other, memory, instanceType);
  return writeRecords(other.records());
}

async function stored(): Promise<string | undefined> {
  return (await harness.stored(ConfigMaps, PLACE))?.data?.[ENTRY];
}

async function sizes(): Promise<readonly string[]> {
  const gib = (bytes = 0): string => `${bytes / 1024 ** 3}Gi`;
  return readRecords((await stored()) ?? "").map(
    ({ kind, sightings }) => `${kind.instanceType} ${gib(sightings[0]?.allocatable["memory"])}`,
  );
}

describe("learned.store", () => {
  it("writes what was learned within five minutes, and nothing while there is nothing new", async () => {
    await world();
    await start();
    expect(await stored()).toBeUndefined();
    see(learned, "14Gi");
    await harness.pass(minutes(5));
    expect(await sizes()).toEqual(["m.4 14Gi"]);
    const version = (await harness.stored(ConfigMaps, PLACE))?.metadata.resourceVersion;
    see(learned, "15Gi");
    await harness.pass(minutes(30));
    expect((await harness.stored(ConfigMaps, PLACE))?.metadata.resourceVersion).toBe(version);
    see(learned, "13Gi");
    await harness.pass(minutes(5));
    expect(await sizes()).toEqual(["m.4 13Gi"]);
  });

  it("knows after a restart what was learned before, beside what it has seen since", async () => {
    await world();
    await harness.kube.create(ConfigMaps, { metadata: PLACE, data: { [ENTRY]: textOf("14Gi"), other: "kept" } });
    see(learned, "15Gi");
    see(learned, "7Gi", "m.2");
    await start();
    expect(learned.size(kindOfMachine(TEST_CLASS, "m.4"))?.allocatable).toMatchObject(
      allocatableFrom({ memory: "14Gi" }),
    );
    await harness.pass(minutes(5));
    expect(await sizes()).toEqual(["m.2 7Gi", "m.4 14Gi"]);
    expect((await harness.stored(ConfigMaps, PLACE))?.data?.["other"]).toBe("kept");
  });

  it("puts together what two processes have written", async () => {
    await world();
    await harness.kube.create(ConfigMaps, { metadata: PLACE, data: { [ENTRY]: textOf("14Gi") } });
    await start();
    await harness.kube.patch(ConfigMaps, PLACE, { type: "merge", body: { data: { [ENTRY]: textOf("7Gi", "m.2") } } });
    see(learned, "13Gi");
    await harness.pass(minutes(6));
    expect(await sizes()).toEqual(["m.2 7Gi", "m.4 13Gi"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("puts together what two processes have written at first", async () => {
    await world();
    await start();
    await harness.kube.create(ConfigMaps, { metadata: PLACE, data: { [ENTRY]: textOf("7Gi", "m.2") } });
    see(learned, "13Gi");
    await harness.pass(minutes(6));
    expect(await sizes()).toEqual(["m.2 7Gi", "m.4 13Gi"]);
  });

  it("writes it again when somebody has removed it", async () => {
    await world();
    await harness.kube.create(ConfigMaps, { metadata: PLACE, data: { [ENTRY]: textOf("14Gi") } });
    await start();
    await harness.kube.delete(ConfigMaps, PLACE);
    see(learned, "13Gi");
    await harness.pass(minutes(6));
    expect(await sizes()).toEqual(["m.4 13Gi"]);
  });

  it.each(["nonsense", '{"format":9,"records":[]}'])("begins anew where %s stands", async (text) => {
    await world();
    await harness.kube.create(ConfigMaps, { metadata: PLACE, data: { [ENTRY]: text } });
    see(learned, "14Gi");
    await start();
    expect(await sizes()).toEqual(["m.4 14Gi"]);
    expect(harness.logger.messages("warn")).toEqual([
      "what was learned of machines before cannot be read, and is learned anew",
    ]);
  });

  it("goes on without, and tries again each hour, while it may not read or write", async () => {
    await world();
    harness.kube.faults = ({ phase, resource }) => {
      if (phase === "before" && resource.plural === "configmaps") throw new KubeError(403, "Forbidden", "not you");
    };
    see(learned, "14Gi");
    await start();
    await harness.pass(minutes(59));
    const refused = "what is learned of machines cannot be kept: the right to its ConfigMap is missing";
    expect(harness.logger.messages("warn").filter((message) => message === refused)).toHaveLength(1);
    expect(harness.logger.messages("error")).toEqual([]);
    harness.kube.faults = undefined;
    await harness.pass(minutes(2));
    expect(await sizes()).toEqual(["m.4 14Gi"]);
  });

  it("writes nothing in observe mode", async () => {
    await world({ settings: { mode: "observe" } });
    see(learned, "14Gi");
    await start();
    await harness.pass(hours(1));
    expect(await stored()).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
